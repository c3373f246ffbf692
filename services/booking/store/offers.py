"""Offer sets, and what is taken already."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.booking.model.hours import Stretch
from services.booking.model.slots import Book

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

KEPT_FOR = timedelta(days=1)
LONGEST = timedelta(days=1)

ADD = "INSERT INTO offer_set (id, patient, author, sealed, made_at) VALUES ($1, $2, $3, $4, $5)"

FORGET = "DELETE FROM offer_set WHERE patient = $1 AND made_at < $2"

FIND = "SELECT author, sealed FROM offer_set WHERE id = $1 AND patient = $2 AND made_at > $3"

TAKEN = """
SELECT clinician, false AS own, start_at, end_at FROM appointment
 WHERE clinician = ANY($1::uuid[]) AND start_at > $3 AND start_at < $4 AND status IN ('booked', 'arrived')
UNION ALL
SELECT clinician, true AS own, start_at, end_at FROM appointment
 WHERE patient = $2 AND start_at > $3 AND start_at < $4 AND status IN ('booked', 'arrived')
"""


async def add(tx: Tx, offer_set: UUID, patient: UUID, author: UUID, sealed: bytes, now: datetime) -> None:
    """Keep what the patient asked for, and forget what they asked for long ago."""
    await tx.execute(ADD, offer_set, patient, author, sealed, now)
    await tx.execute(FORGET, patient, now - KEPT_FOR)


async def find(tx: Tx, offer_set: UUID, patient: UUID, now: datetime) -> asyncpg.Record | None:
    """Author and sealed wish, unless it is too old."""
    return await tx.fetchrow(FIND, offer_set, patient, now - KEPT_FOR)


async def taken(tx: Tx, clinicians: Sequence[UUID], patient: UUID, now: datetime, until: datetime) -> Book:
    """The clinicians' and the patient's appointments from now until then."""
    theirs: dict[UUID, list[Stretch]] = defaultdict(list)
    own: list[Stretch] = []
    for row in await tx.fetch(TAKEN, clinicians, patient, now - LONGEST, until):
        stretches = own if row["own"] else theirs[row["clinician"]]
        stretches.append(Stretch(row["start_at"], row["end_at"]))
    return Book(clinicians=theirs, patient=own)
