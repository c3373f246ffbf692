"""The clocks of consults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.messaging.model.clock import Clock

if TYPE_CHECKING:
    import asyncpg

    from shared.database import Tx

ADD = """
INSERT INTO consult_clock (consult, thread, patient, remaining, running_since, paused_since)
VALUES ($1, $2, $3, $4, $5, $6)
"""

CLOCKS = """
SELECT consult, thread, patient, remaining, running_since, paused_since, announced_end, ended_at FROM consult_clock
"""

OF_CONSULT = f"{CLOCKS} WHERE consult = $1"

OF_THREAD = f"{CLOCKS} WHERE thread = $1"

PUT = """
UPDATE consult_clock
   SET remaining = $2, running_since = $3, paused_since = $4, announced_end = $5, ended_at = $6
 WHERE consult = $1
"""


@dataclass(frozen=True)
class Consulted:
    """A consult whose days have begun, with its clock."""

    consult: UUID
    thread: UUID
    patient: UUID
    clock: Clock


async def add(tx: Tx, begun: Consulted) -> None:
    """The days have begun."""
    clock = begun.clock
    await tx.execute(
        ADD, begun.consult, begun.thread, begun.patient, clock.left, clock.running_since, clock.paused_since
    )


async def of_consult(tx: Tx, consult: UUID) -> Consulted | None:
    """The consult's clock, if it has begun."""
    row = await tx.fetchrow(OF_CONSULT, consult)
    return _consulted(row) if row else None


async def of_thread(tx: Tx, thread: UUID) -> Consulted | None:
    """The clock of the consult in this thread, if it has begun; who changes it holds the thread's lock."""
    row = await tx.fetchrow(OF_THREAD, thread)
    return _consulted(row) if row else None


async def put(tx: Tx, consult: UUID, clock: Clock) -> None:
    """The clock stands like this from now on."""
    await tx.execute(
        PUT, consult, clock.left, clock.running_since, clock.paused_since, clock.announced_end, clock.ended_at
    )


def _consulted(row: asyncpg.Record) -> Consulted:
    clock = Clock(
        left=row["remaining"],
        running_since=row["running_since"],
        paused_since=row["paused_since"],
        announced_end=row["announced_end"],
        ended_at=row["ended_at"],
    )
    return Consulted(row["consult"], row["thread"], row["patient"], clock)
