"""Times that came free, and whose they are to take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from services.booking.model.hours import Stretch

if TYPE_CHECKING:
    import asyncpg

    from shared.database import Tx


class TimeStatus(StrEnum):
    """Where a freed time stands; `free` is for everybody."""

    OPEN = "open"
    OFFERED = "offered"
    CLAIMED = "claimed"
    FREE = "free"


class ClaimStatus(StrEnum):
    """Where a claim stands."""

    LIVE = "live"
    CLAIMED = "claimed"
    LAPSED = "lapsed"


ADD = """
INSERT INTO freed_time (id, clinician, office, start_at, end_at, freed_by, freed_at, status)
SELECT $1, $2, $3, $4, $5, $6, $7, 'open' WHERE EXISTS (SELECT 1 FROM wait WHERE status = 'waiting')
"""

TIME_COLUMNS = "id, clinician, office, start_at, end_at, freed_by, freed_at, status, token"

OPEN = f"SELECT {TIME_COLUMNS} FROM freed_time WHERE status = 'open' ORDER BY freed_at, id LIMIT $1"  # noqa: S608

LOCK = f"SELECT {TIME_COLUMNS} FROM freed_time WHERE id = $1 FOR UPDATE"  # noqa: S608 - the columns are above

OFFER = """
UPDATE freed_time SET status = 'offered', token = $2, start_at = $3, end_at = $4 WHERE id = $1
"""

OPEN_AGAIN = "UPDATE freed_time SET status = 'open' WHERE id = $1 AND status = 'offered'"

SETTLE_TIME = """
UPDATE freed_time SET status = $2, settled_at = $3 WHERE id = $1 AND status IN ('open', 'offered') RETURNING id
"""

ADD_CLAIM = """
INSERT INTO claim (id, wait, freed_time, token, offered_at, lapses_at, status) VALUES ($1, $2, $3, $4, $5, $6, 'live')
"""

CLAIM_COLUMNS = "c.id, c.wait, c.freed_time, c.token, c.lapses_at, c.status"

FIND_CLAIM = f"SELECT {CLAIM_COLUMNS} FROM claim c WHERE c.id = $1"  # noqa: S608 - the columns are above

LIVE_OF = f"SELECT {CLAIM_COLUMNS} FROM claim c WHERE c.wait = $1 AND c.status = 'live'"  # noqa: S608 - likewise

LIVE_OF_PATIENT = f"""
SELECT {CLAIM_COLUMNS} FROM claim c JOIN wait w ON w.id = c.wait
 WHERE w.patient = $1 AND w.status = 'waiting' AND c.status = 'live'
"""  # noqa: S608 - likewise

SETTLE = "UPDATE claim SET status = $2, settled_at = $3 WHERE id = $1 AND status = 'live' RETURNING id"


@dataclass(frozen=True, kw_only=True)
class FreedTime:
    """A time that came free; `token` counts to whom it was offered, `freed_by` is the patient who gave it back."""

    id: UUID
    clinician: UUID
    office: UUID
    stretch: Stretch
    freed_by: UUID | None
    freed_at: datetime
    status: TimeStatus = TimeStatus.OPEN
    token: int = 0


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """Whose the time is to take, until when."""

    id: UUID
    wait: UUID
    freed_time: UUID
    token: int
    lapses_at: datetime
    status: ClaimStatus = ClaimStatus.LIVE


async def add(tx: Tx, time: FreedTime) -> None:
    """Note that the time is free, if anybody waits for any."""
    when = (time.stretch.start, time.stretch.end, time.freed_by, time.freed_at)
    await tx.execute(ADD, time.id, time.clinician, time.office, *when)


async def open_times(tx: Tx, most: int) -> list[FreedTime]:
    """What is to be offered, the longest free first."""
    return [_time(row) for row in await tx.fetch(OPEN, most)]


async def lock(tx: Tx, freed_time: UUID) -> FreedTime | None:
    """The time, locked until the transaction ends; the wait with the claim to it is locked before."""
    row = await tx.fetchrow(LOCK, freed_time)
    return _time(row) if row else None


async def offer(tx: Tx, time: FreedTime, wait: UUID, claim: ClaimRow, taken: Stretch, now: datetime) -> None:
    """Have this part of the time be theirs to take."""
    await tx.execute(OFFER, time.id, claim.token, taken.start, taken.end)
    await tx.execute(ADD_CLAIM, claim.id, wait, time.id, claim.token, now, claim.lapses_at)


async def open_again(tx: Tx, freed_time: UUID) -> None:
    """The time goes to the next."""
    await tx.execute(OPEN_AGAIN, freed_time)


async def settle_time(tx: Tx, freed_time: UUID, status: TimeStatus, now: datetime) -> bool:
    """The time is taken, or simply free; False when it was settled before."""
    return await tx.fetchval(SETTLE_TIME, freed_time, status.value, now) is not None


async def find(tx: Tx, claim: UUID) -> ClaimRow | None:
    """The claim, if there is one."""
    row = await tx.fetchrow(FIND_CLAIM, claim)
    return _claim(row) if row else None


async def live_of(tx: Tx, wait: UUID) -> ClaimRow | None:
    """The time that is theirs to take at the moment."""
    row = await tx.fetchrow(LIVE_OF, wait)
    return _claim(row) if row else None


async def live_of_patient(tx: Tx, patient: UUID) -> dict[UUID, ClaimRow]:
    """The times that are theirs to take at the moment, by wait."""
    return {row["wait"]: _claim(row) for row in await tx.fetch(LIVE_OF_PATIENT, patient)}


async def settle(tx: Tx, claim: UUID, status: ClaimStatus, now: datetime) -> bool:
    """The claim is used or has lapsed; False when it was settled before."""
    return await tx.fetchval(SETTLE, claim, status.value, now) is not None


def _time(row: asyncpg.Record) -> FreedTime:
    return FreedTime(
        id=row["id"],
        clinician=row["clinician"],
        office=row["office"],
        stretch=Stretch(row["start_at"], row["end_at"]),
        freed_by=row["freed_by"],
        freed_at=row["freed_at"],
        status=TimeStatus(row["status"]),
        token=row["token"],
    )


def _claim(row: asyncpg.Record) -> ClaimRow:
    return ClaimRow(**{**row, "status": ClaimStatus(row["status"])})


def another(time: FreedTime, stretch: Stretch) -> FreedTime:
    """Another part of a time that came free."""
    return replace(time, id=uuid4(), stretch=stretch, status=TimeStatus.OPEN, token=0)
