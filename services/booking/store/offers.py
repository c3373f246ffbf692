"""Offer sets, and what is taken already."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.booking.model.book import Book, Taken
from services.booking.model.hours import Stretch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import asyncpg

    from services.booking.model.tokens import Held
    from shared.database import Tx

KEPT_FOR = timedelta(days=1)
MARGIN = timedelta(hours=12)
"""More than any two visits can be long, with the minutes around them and the way from another office."""

ADD = """
WITH forgotten AS (DELETE FROM offer_set WHERE patient = $2 AND made_at < $6)
INSERT INTO offer_set (id, patient, author, sealed, made_at) VALUES ($1, $2, $3, $4, $5)
"""

LOOK = """
SELECT o.author, o.sealed,
       EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = o.patient) AS erased,
       EXISTS (SELECT 1 FROM appointment a
                WHERE a.clinician = $4 AND a.status IN ('proposed', 'booked', 'arrived') AND a.id IS DISTINCT FROM $7
                  AND a.blocked && tstzrange($5, $6)) AS clinician_busy,
       EXISTS (SELECT 1 FROM appointment a
                WHERE a.patient = o.patient AND a.status IN ('booked', 'arrived') AND a.id IS DISTINCT FROM $7
                  AND tstzrange(a.start_at, a.end_at) && tstzrange($5, $6)) AS patient_busy
  FROM offer_set o
 WHERE o.id = $1 AND o.patient = $2 AND o.made_at > $3
"""

TAKEN = """
SELECT clinician, patient = $2 AND status <> 'proposed', kind = 'office', office, room, start_at, end_at,
       lower(blocked), upper(blocked)
  FROM appointment
 WHERE status IN ('proposed', 'booked', 'arrived') AND start_at > $3 AND start_at < $4 AND id IS DISTINCT FROM $5
   AND (clinician = ANY($1::uuid[]) OR patient = $2 OR (room IS NOT NULL AND office = ANY($6::uuid[])))
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
    tx: Tx,
    clinicians: Sequence[UUID],
    offices: Sequence[UUID],
    patient: UUID,
    within: Stretch,
    margin: timedelta = MARGIN,
    *,
    moving: UUID | None = None,
) -> Book:
    """What may be in the way of a visit that starts then, without the appointment that is `moving`.

    What begins more than the `margin` before or after is not.
    """
    theirs: dict[UUID, list[Taken]] = defaultdict(list)
    rooms: dict[tuple[UUID, str], list[Stretch]] = defaultdict(list)
    own: list[Stretch] = []
    since, until = within.start - margin, within.end + margin
    for row in await tx.fetch(TAKEN, clinicians, patient, since, until, moving, offices):
        clinician, of_patient, in_person, office, room, start, end, blocked_from, blocked_until = row
        theirs[clinician].append(Taken(start, end, blocked_from, blocked_until, office if in_person else None))
        if room is not None:
            rooms[office, room].append(Stretch(start, end))
        if of_patient:
            own.append(Stretch(start, end))
    return Book(clinicians=theirs, patient=own, rooms=rooms)
