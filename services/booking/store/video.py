"""Video calls on call: waited for, joined, left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from shared.requests.video import VideoStatus

if TYPE_CHECKING:
    from collections.abc import Collection

    import asyncpg

    from shared.database import Tx

COLUMNS = """
id, patient, author, state, time_zone, sealed, requested_at, promised_at, status, clinician, appointment
"""

ADD = """
INSERT INTO video (id, patient, author, state, time_zone, sealed, requested_at, promised_at, status)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting')
ON CONFLICT DO NOTHING RETURNING id
"""

FIND = f"SELECT {COLUMNS} FROM video WHERE id = $1"  # noqa: S608 - the columns are above

LOCK = f"{FIND} FOR UPDATE"

WAITING = f"""
SELECT {COLUMNS} FROM video
 WHERE status = 'waiting' AND state = ANY($1::text[])
 ORDER BY promised_at, id LIMIT $2
"""  # noqa: S608 - likewise

COUNT = "SELECT count(*) FROM video WHERE status = 'waiting'"

COUNT_BUSY = """
SELECT count(DISTINCT clinician) FROM appointment
 WHERE clinician = ANY($1::uuid[]) AND status IN ('booked', 'arrived')
   AND start_at <= $2 AND start_at > $2::timestamptz - interval '1 day' AND end_at > $2
"""

CONNECT = "UPDATE video SET status = 'connected', clinician = $2, appointment = $3, settled_at = $4 WHERE id = $1"

LEAVE = "UPDATE video SET status = 'left', settled_at = $2 WHERE id = $1"

LEAVE_ALL = "UPDATE video SET status = 'left', settled_at = $2 WHERE patient = $1 AND status = 'waiting'"

END = "UPDATE video SET status = 'ended' WHERE appointment = $1 AND status = 'connected'"

SHORTEN = """
UPDATE appointment SET end_at = greatest($2, start_at + interval '1 second')
 WHERE id = $1 AND end_at > $2 AND status IN ('booked', 'arrived')
"""

BUSY = """
SELECT EXISTS (SELECT 1 FROM appointment WHERE patient = $1 AND status IN ('booked', 'arrived')
                  AND tstzrange(start_at, end_at) @> $2::timestamptz)
"""

IS_CALL = "SELECT EXISTS (SELECT 1 FROM video WHERE appointment = $1)"

NEXT_TAKEN = """
SELECT min(CASE WHEN clinician = $1 THEN lower(blocked) ELSE start_at END) FROM appointment
 WHERE (clinician = $1 OR patient = $2) AND start_at > $3 AND start_at < $4
   AND (status IN ('booked', 'arrived') OR status = 'proposed' AND clinician = $1)
"""


@dataclass(frozen=True, kw_only=True)
class VideoRow:
    """A call as it is kept; `author` wrote the sealed reason."""

    id: UUID
    patient: UUID
    author: UUID
    state: str
    time_zone: str
    sealed: bytes
    requested_at: datetime
    promised_at: datetime
    status: VideoStatus = VideoStatus.WAITING
    clinician: UUID | None = None
    appointment: UUID | None = None


async def add(tx: Tx, row: VideoRow) -> bool:
    """Have the patient wait; False when they wait already, or are in a call."""
    values = (row.id, row.patient, row.author, row.state, row.time_zone, row.sealed, row.requested_at, row.promised_at)
    return await tx.fetchval(ADD, *values) is not None


async def find(tx: Tx, video: UUID) -> VideoRow | None:
    """The call as it stands."""
    return _row(await tx.fetchrow(FIND, video))


async def lock(tx: Tx, video: UUID) -> VideoRow | None:
    """The call, locked until the transaction ends."""
    return _row(await tx.fetchrow(LOCK, video))


async def waiting(tx: Tx, states: Collection[str], most: int) -> list[VideoRow]:
    """Who waits in these states, the longest promised first."""
    return [row for record in await tx.fetch(WAITING, list(states), most) if (row := _row(record))]


async def count_waiting(tx: Tx) -> int:
    """How many wait, wherever they are: the same clinicians see to all of them."""
    count: int = await tx.fetchval(COUNT)
    return count


async def count_busy(tx: Tx, clinicians: Collection[UUID], now: datetime) -> int:
    """How many of them are with somebody at this moment."""
    count: int = await tx.fetchval(COUNT_BUSY, list(clinicians), now)
    return count


async def connect(tx: Tx, video: UUID, clinician: UUID, appointment: UUID, now: datetime) -> None:
    """The clinician is with the patient."""
    await tx.execute(CONNECT, video, clinician, appointment, now)


async def leave(tx: Tx, video: UUID, now: datetime) -> None:
    """The patient waits no longer."""
    await tx.execute(LEAVE, video, now)


async def hang_up(tx: Tx, appointment: UUID, now: datetime) -> None:
    """The patient is not in the call any more, which takes no more of anybody's time."""
    await end(tx, appointment)
    await tx.execute(SHORTEN, appointment, now)


async def leave_all(tx: Tx, patient: UUID, now: datetime) -> None:
    """The patient waits for nobody any more."""
    await tx.execute(LEAVE_ALL, patient, now)


async def end(tx: Tx, appointment: UUID) -> None:
    """The visit that the call was is over."""
    await tx.execute(END, appointment)


async def busy(tx: Tx, patient: UUID, now: datetime) -> bool:
    """Whether the patient has an appointment at this moment."""
    found: bool = await tx.fetchval(BUSY, patient, now)
    return found


async def is_call(tx: Tx, appointment: UUID) -> bool:
    """Whether the appointment is a call on call."""
    found: bool = await tx.fetchval(IS_CALL, appointment)
    return found


async def next_taken(tx: Tx, clinician: UUID, patient: UUID, after: datetime, until: datetime) -> datetime | None:
    """When either of them has the next appointment."""
    moment: datetime | None = await tx.fetchval(NEXT_TAKEN, clinician, patient, after, until)
    return moment


def _row(row: asyncpg.Record | None) -> VideoRow | None:
    if row is None:
        return None
    return VideoRow(
        id=row["id"],
        patient=row["patient"],
        author=row["author"],
        state=row["state"],
        time_zone=row["time_zone"],
        sealed=row["sealed"],
        requested_at=row["requested_at"],
        promised_at=row["promised_at"],
        status=VideoStatus(row["status"]),
        clinician=row["clinician"],
        appointment=row["appointment"],
    )
