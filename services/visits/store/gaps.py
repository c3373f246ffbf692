"""When patients are looked at for what is due, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from shared.database import Tx

WATCH = """
INSERT INTO watched AS w (patient, next_look) VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT watched_pkey DO UPDATE SET next_look = least(w.next_look, excluded.next_look)
"""

LOOK_NEXT = "UPDATE watched SET next_look = $2 WHERE patient = $1"

FORGET = "DELETE FROM watched WHERE patient = $1"

DUE = "SELECT patient FROM watched WHERE next_look <= $1 ORDER BY next_look LIMIT $2"

NEXT = "SELECT min(next_look) FROM watched"

CLAIM = "SELECT next_look FROM watched WHERE patient = $1 AND next_look <= $2 FOR UPDATE SKIP LOCKED"

LIVE = """
SELECT id, patient, sealed, snoozed_until FROM gap
 WHERE patient = $1 AND closed_at IS NULL AND (snoozed_until IS NULL OR snoozed_until > $2)
 ORDER BY found_at, id
"""

LOCK = "SELECT id, patient, sealed, snoozed_until FROM gap WHERE id = $1 AND closed_at IS NULL FOR UPDATE"

ONE = "SELECT id, patient, sealed, snoozed_until FROM gap WHERE id = $1"

ADD = "INSERT INTO gap (id, patient, sealed, found_at) VALUES ($1, $2, $3, $4)"

CLOSE = "UPDATE gap SET closed_at = $2, snoozed_until = NULL WHERE id = $1"

SNOOZE = "UPDATE gap SET snoozed_until = $2 WHERE id = $1"


@dataclass(frozen=True)
class GapRow:
    """Something due, or put off until `snoozed_until`; `sealed` says what."""

    id: UUID
    patient: UUID
    sealed: bytes
    snoozed_until: datetime | None


async def watch(tx: Tx, patient: UUID, look: datetime) -> None:
    """Have the patient looked at, at the latest then."""
    await tx.execute(WATCH, patient, look)


async def forget(tx: Tx, patient: UUID) -> None:
    """Look at them no more."""
    await tx.execute(FORGET, patient)


async def due(tx: Tx, now: datetime, most: int) -> list[UUID]:
    """The patients to look at now, the longest waiting first."""
    return [row["patient"] for row in await tx.fetch(DUE, now, most)]


async def next_look(tx: Tx) -> datetime | None:
    """When the next patient is to be looked at."""
    moment: datetime | None = await tx.fetchval(NEXT)
    return moment


async def claim(tx: Tx, patient: UUID, now: datetime) -> bool:
    """Lock the patient's row; False when somebody else looks, or has looked."""
    return await tx.fetchval(CLAIM, patient, now) is not None


async def look_next(tx: Tx, patient: UUID, at: datetime) -> None:
    """When to look again."""
    await tx.execute(LOOK_NEXT, patient, at)


async def live(tx: Tx, patient: UUID, now: datetime) -> list[GapRow]:
    """What is due for the patient, also what they put off for now."""
    return [_gap(row) for row in await tx.fetch(LIVE, patient, now)]


async def one(tx: Tx, gap: UUID) -> GapRow | None:
    """The gap, whatever became of it."""
    row = await tx.fetchrow(ONE, gap)
    return None if row is None else _gap(row)


async def lock(tx: Tx, gap: UUID) -> GapRow | None:
    """The gap if it is not closed, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, gap)
    return None if row is None else _gap(row)


async def add(tx: Tx, gap: UUID, patient: UUID, sealed: bytes, now: datetime) -> None:
    """Something is due."""
    await tx.execute(ADD, gap, patient, sealed, now)


async def close(tx: Tx, gap: UUID, now: datetime) -> None:
    """It is done, or due no more."""
    await tx.execute(CLOSE, gap, now)


async def snooze(tx: Tx, gap: UUID, until: datetime) -> None:
    """The patient does not want it now."""
    await tx.execute(SNOOZE, gap, until)


def _gap(row: asyncpg.Record) -> GapRow:
    return GapRow(row["id"], row["patient"], row["sealed"], row["snoozed_until"])
