"""Questions asked of the practice, one open at a time in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Literal
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

ADD = "INSERT INTO question (id, thread, patient, asked_at, due) VALUES ($1, $2, $3, $4, $5)"

OF_THREAD = """
SELECT kind, team, assigned, question, question_due, greatest(last_at, changed_at) AS since FROM thread WHERE id = $1
"""

STANDS = "UPDATE thread SET question = $2, question_due = $3, changed_at = $4 WHERE id = $1"

SETTLE = "UPDATE question SET state = $2, settled_at = $3, settled_by = $4 WHERE id = $1"

OPEN_FOR = """
SELECT q.id, q.patient, q.thread, t.team, q.asked_at, q.due
  FROM question q JOIN thread t ON t.id = q.thread
 WHERE q.settled_at IS NULL AND t.team = ANY ($1::text[])
   AND NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = q.patient)
 ORDER BY q.due, q.id LIMIT $2
"""


async def of_thread(tx: Tx, thread: UUID) -> asyncpg.Record:
    """The question open in the thread, if one is, and who sees to it; the thread is locked."""
    row = await tx.fetchrow(OF_THREAD, thread)
    assert row is not None, "the thread is locked"
    return row


async def add(tx: Tx, question: UUID, thread: UUID, patient: UUID, due: datetime, now: datetime) -> None:
    """Ask it, and let the thread know; the thread is locked and has none open."""
    await tx.execute(ADD, question, thread, patient, now, due)
    await tx.execute(STANDS, thread, question, due, now)


async def settle(
    tx: Tx, thread: UUID, question: UUID, state: Literal["answered", "withdrawn"], by: UUID, now: datetime
) -> None:
    """It is no longer open."""
    await tx.execute(SETTLE, question, state, now, by)
    await tx.execute(STANDS, thread, None, None, now)


async def open_for(tx: Tx, teams: Iterable[str], most: int) -> list[asyncpg.Record]:
    """Open questions in threads that these teams see to, most urgent first."""
    return await tx.fetch(OPEN_FOR, list(teams), most)
