"""Waits: joined, changed, over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.booking.model.waitlist import WaitsAlready
from shared.database import refusing
from shared.requests.waitlist import WaitStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from shared.database import Tx

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('wait:' || $1::text, 0))"

COUNT = "SELECT count(*) FROM wait WHERE patient = $1 AND status = 'waiting'"

ADD = """
INSERT INTO wait (id, patient, author, sealed, own_clinician, clinician, office, earliest, latest, instead_of,
                  joined_at, until, status)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'waiting')
"""

CHANGE = """
UPDATE wait SET author = $2, sealed = $3, revision = $4, clinician = $5, office = $6, earliest = $7, latest = $8,
                until = $9
 WHERE id = $1
"""

SETTLE = "UPDATE wait SET status = $2, settled_at = $3 WHERE id = $1"

COLUMNS = """
w.id, w.patient, w.author, w.sealed, w.revision, w.own_clinician, w.clinician, w.office, w.earliest, w.latest,
w.instead_of, w.joined_at, w.until, w.status
"""

FIND = f"SELECT {COLUMNS} FROM wait w WHERE w.id = $1"  # noqa: S608 - the columns are above

LOCK = f"{FIND} FOR UPDATE"

OF_PATIENT = f"""
SELECT {COLUMNS} FROM wait w WHERE w.patient = $1 AND w.status = 'waiting' ORDER BY w.joined_at, w.id
"""  # noqa: S608 - likewise

LOCK_INSTEAD_OF = f"""
SELECT {COLUMNS} FROM wait w WHERE w.instead_of = $1 AND w.status = 'waiting' FOR UPDATE
"""  # noqa: S608 - likewise

NEXT = f"""
SELECT {COLUMNS}
  FROM freed_time f, wait w
 WHERE f.id = $1 AND w.status = 'waiting' AND w.until > $2 AND w.id <> ALL ($3::uuid[])
   AND w.patient IS DISTINCT FROM f.freed_by
   AND (w.clinician IS NULL OR w.clinician = f.clinician) AND (w.office IS NULL OR w.office = f.office)
   AND (w.earliest IS NULL OR w.earliest < f.end_at) AND (w.latest IS NULL OR w.latest >= f.start_at)
   AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.wait = w.id AND (c.status = 'live' OR c.freed_time = f.id))
   AND NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = w.patient)
   AND (w.instead_of IS NULL
        OR EXISTS (SELECT 1 FROM appointment a
                    WHERE a.id = w.instead_of AND a.status = 'booked' AND a.started_at IS NULL
                      AND a.start_at > f.start_at))
 ORDER BY (w.own_clinician IS NOT DISTINCT FROM f.clinician) DESC, w.joined_at, w.id LIMIT $4
"""  # noqa: S608 - likewise


@dataclass(frozen=True, kw_only=True)
class WaitRow:
    """A wait as it is kept; `author` sealed the wish at `revision`, of which some stands beside it to search by."""

    id: UUID
    patient: UUID
    author: UUID
    sealed: bytes
    revision: int = 0
    own_clinician: UUID | None
    clinician: UUID | None
    office: UUID | None
    earliest: datetime | None
    latest: datetime | None
    instead_of: UUID | None
    joined_at: datetime
    until: datetime
    status: WaitStatus = WaitStatus.WAITING


async def add(tx: Tx, row: WaitRow, most: int) -> bool:
    """Have the patient wait; False when they wait for so many things already. Raises WaitsAlready."""
    await tx.execute(ONE_AT_A_TIME, str(row.patient))
    if await tx.fetchval(COUNT, row.patient) >= most:
        return False
    with refusing({"wait_one_instead_of": WaitsAlready}):
        await tx.execute(
            ADD,
            row.id,
            row.patient,
            row.author,
            row.sealed,
            row.own_clinician,
            row.clinician,
            row.office,
            row.earliest,
            row.latest,
            row.instead_of,
            row.joined_at,
            row.until,
        )
    return True


async def change(tx: Tx, row: WaitRow) -> None:
    """Have the patient wait for something else, at the same place."""
    wanted = (row.clinician, row.office, row.earliest, row.latest, row.until)
    await tx.execute(CHANGE, row.id, row.author, row.sealed, row.revision, *wanted)


async def settle(tx: Tx, wait: UUID, status: WaitStatus, now: datetime) -> None:
    """The wait is over."""
    await tx.execute(SETTLE, wait, status.value, now)


async def find(tx: Tx, wait: UUID) -> WaitRow | None:
    """The wait, if there is one."""
    row = await tx.fetchrow(FIND, wait)
    return _row(row) if row else None


async def lock(tx: Tx, wait: UUID) -> WaitRow | None:
    """The wait, if there is one, locked until the transaction ends; it is locked before the time it has a claim to."""
    row = await tx.fetchrow(LOCK, wait)
    return _row(row) if row else None


async def lock_instead_of(tx: Tx, appointment: UUID) -> WaitRow | None:
    """The wait for a time earlier than the appointment, if there is one, locked."""
    row = await tx.fetchrow(LOCK_INSTEAD_OF, appointment)
    return _row(row) if row else None


async def of_patient(tx: Tx, patient: UUID) -> list[WaitRow]:
    """What the patient waits for, in the order of joining."""
    return [_row(row) for row in await tx.fetch(OF_PATIENT, patient)]


async def next_for(tx: Tx, freed_time: UUID, now: datetime, but: Sequence[UUID], most: int) -> list[WaitRow]:
    """Who may want the time, in order: the clinician's own patients first, then first come, first served.

    Not who was offered it before, nor who has another to take at the moment.
    """
    return [_row(row) for row in await tx.fetch(NEXT, freed_time, now, but, most)]


def _row(row: asyncpg.Record) -> WaitRow:
    return WaitRow(**{**row, "status": WaitStatus(row["status"])})
