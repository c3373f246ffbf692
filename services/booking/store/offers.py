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

    from services.booking.model.tokens import Held
    from shared.database import Tx

KEPT_FOR = timedelta(days=1)
LONGEST = timedelta(days=1)

ADD = """
WITH forgotten AS (DELETE FROM offer_set WHERE patient = $2 AND made_at < $6)
INSERT INTO offer_set (id, patient, author, sealed, made_at) VALUES ($1, $2, $3, $4, $5)
"""

LOOK = """
SELECT o.author, o.sealed,
       EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = o.patient) AS erased,
       EXISTS (SELECT 1 FROM appointment a
                WHERE a.clinician = $4 AND a.status IN ('booked', 'arrived') AND a.id IS DISTINCT FROM $7
                  AND tstzrange(a.start_at, a.end_at) && tstzrange($5, $6)) AS clinician_busy,
       EXISTS (SELECT 1 FROM appointment a
                WHERE a.patient = o.patient AND a.status IN ('booked', 'arrived') AND a.id IS DISTINCT FROM $7
                  AND tstzrange(a.start_at, a.end_at) && tstzrange($5, $6)) AS patient_busy
  FROM offer_set o
 WHERE o.id = $1 AND o.patient = $2 AND o.made_at > $3
"""

TAKEN = """
SELECT clinician, false AS own, start_at, end_at FROM appointment
 WHERE clinician = ANY($1::uuid[]) AND start_at > $3 AND start_at < $4 AND status IN ('booked', 'arrived')
   AND id IS DISTINCT FROM $5
UNION ALL
SELECT clinician, true AS own, start_at, end_at FROM appointment
 WHERE patient = $2 AND start_at > $3 AND start_at < $4 AND status IN ('booked', 'arrived') AND id IS DISTINCT FROM $5
"""


async def add(tx: Tx, offer_set: UUID, patient: UUID, author: UUID, sealed: bytes, now: datetime) -> None:
    """Keep what the patient asked for, and forget what they asked for long ago."""
    await tx.execute(ADD, offer_set, patient, author, sealed, now, now - KEPT_FOR)


async def look(tx: Tx, held: Held, now: datetime, *, moving: UUID | None = None) -> asyncpg.Record | None:
    """Author and sealed wish of the offer, who stands in its way, and whether the patient is erased; None when old.

    An appointment that is `moving` stands in nobody's way.
    """
    since = now - KEPT_FOR
    return await tx.fetchrow(LOOK, held.offer_set, held.patient, since, held.clinician, held.start, held.end, moving)


async def taken(
    tx: Tx, clinicians: Sequence[UUID], patient: UUID, now: datetime, until: datetime, *, moving: UUID | None = None
) -> Book:
    """The clinicians' and the patient's appointments from now until then, without the one that is `moving`."""
    theirs: dict[UUID, list[Stretch]] = defaultdict(list)
    own: list[Stretch] = []
    for row in await tx.fetch(TAKEN, clinicians, patient, now - LONGEST, until, moving):
        stretches = own if row["own"] else theirs[row["clinician"]]
        stretches.append(Stretch(row["start_at"], row["end_at"]))
    return Book(clinicians=theirs, patient=own)
