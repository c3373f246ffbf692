"""How threads came from some to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

SEE_TO = "UPDATE thread SET assigned = $2, team = $3, custody = $4, changed_at = $5 WHERE id = $1"

ADD = """
INSERT INTO custody (thread, number, how, at, person, from_person, from_team, to_person, to_team, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

STEPS = """
SELECT number, how, at, person, from_person, from_team, to_person, to_team, reason
  FROM custody WHERE thread = $1 ORDER BY number
"""

CONSULT_OWED = "SELECT id, answer_due FROM consult WHERE thread = $1 AND status = 'requested'"

How = Literal["claimed", "handed-over", "released"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change of who sees to a thread; `reason` is sealed."""

    thread: UUID
    number: int
    how: How
    at: datetime
    person: UUID
    from_person: UUID | None
    from_team: str
    to_person: UUID | None
    to_team: str
    reason: bytes | None = None


async def add(tx: Tx, step: Step) -> None:
    """Have the thread seen to as the step says, and keep the step; the thread is locked."""
    await tx.execute(SEE_TO, step.thread, step.to_person, step.to_team, step.number, step.at)
    await tx.execute(
        ADD,
        step.thread,
        step.number,
        step.how,
        step.at,
        step.person,
        step.from_person,
        step.from_team,
        step.to_person,
        step.to_team,
        step.reason,
    )


async def consult_owed(tx: Tx, thread: UUID) -> tuple[UUID | None, datetime | None]:
    """The consult of the thread that nobody has answered yet, and until when it is to be; the thread is locked."""
    row = await tx.fetchrow(CONSULT_OWED, thread)
    return (row["id"], row["answer_due"]) if row else (None, None)


async def steps(tx: Tx, thread: UUID) -> list[asyncpg.Record]:
    """Every change, earliest first."""
    return await tx.fetch(STEPS, thread)
