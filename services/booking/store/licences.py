"""What is booked, looked at for whether those booked may still see the patient there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from baton_events.codes import VisitKind

if TYPE_CHECKING:
    from shared.database import Tx

NEXT_AT = "SELECT next_at FROM licence_round"

PUT_OFF = "UPDATE licence_round SET next_at = $2 WHERE next_at = $1"

HURRY = "UPDATE licence_round SET next_at = least(next_at, $1)"

TO_COME = """
SELECT id, patient, clinician, office, kind, state, start_at, sequence, licence_lapsed_at IS NOT NULL AS lapsed
  FROM appointment
 WHERE status = 'booked' AND start_at > $1 AND start_at < $2 AND (start_at, id) > ($3, $4)
 ORDER BY start_at, id LIMIT $5
"""

LAPSE = """
UPDATE appointment SET licence_lapsed_at = $3
 WHERE id = $1 AND sequence = $2 AND status = 'booked' AND started_at IS NULL AND licence_lapsed_at IS NULL
RETURNING id
"""

RESTORE = """
UPDATE appointment SET licence_lapsed_at = NULL
 WHERE id = $1 AND sequence = $2 AND status = 'booked' AND licence_lapsed_at IS NOT NULL
RETURNING id
"""


@dataclass(frozen=True, kw_only=True)
class ToCome:
    """An appointment to come; `lapsed` when staff was asked to move it already."""

    id: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    kind: VisitKind
    state: str | None
    start: datetime
    sequence: int
    lapsed: bool


async def next_at(tx: Tx) -> datetime:
    """When to look next."""
    moment: datetime = await tx.fetchval(NEXT_AT)
    return moment


async def put_off(tx: Tx, looked: datetime, until: datetime) -> None:
    """Look again then, unless somebody asked for it since."""
    await tx.execute(PUT_OFF, looked, until)


async def hurry(tx: Tx, now: datetime) -> None:
    """Look as soon as can be."""
    await tx.execute(HURRY, now)


async def to_come(tx: Tx, now: datetime, until: datetime, after: ToCome | None, most: int) -> list[ToCome]:
    """The next of what is booked from now until then, in order of start."""
    place = (after.start, after.id) if after else (now, UUID(int=0))
    return [
        ToCome(
            id=row["id"],
            patient=row["patient"],
            clinician=row["clinician"],
            office=row["office"],
            kind=VisitKind(row["kind"]),
            state=row["state"],
            start=row["start_at"],
            sequence=row["sequence"],
            lapsed=row["lapsed"],
        )
        for row in await tx.fetch(TO_COME, now, until, *place, most)
    ]


async def lapse(tx: Tx, one: ToCome, now: datetime) -> bool:
    """Note that it needs another clinician; False when it was noted, or is not what it was."""
    return await tx.fetchval(LAPSE, one.id, one.sequence, now) is not None


async def restore(tx: Tx, one: ToCome) -> bool:
    """Note that it needs no other; False when it needed none, or is not what it was."""
    return await tx.fetchval(RESTORE, one.id, one.sequence) is not None
