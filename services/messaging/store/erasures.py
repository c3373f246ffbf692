"""What erasing a thread or a patient does to messaging's rows; the keys are destroyed elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

LOCK = "SELECT id, patient, sequence, keys_destroyed_at FROM thread WHERE id = $1 FOR UPDATE"

UNDER_WAY = """
SELECT EXISTS (SELECT 1 FROM consult WHERE thread = $1 AND status IN ('requested', 'answered'))
    OR EXISTS (SELECT 1 FROM consult_clock WHERE thread = $1 AND ended_at IS NULL)
"""

ERASE = """
UPDATE thread
   SET erased_at = coalesce(erased_at, $2), closed_at = coalesce(closed_at, $2), reply_owed = false, reply_due = NULL
 WHERE id = $1
"""

ERASE_ALL = """
UPDATE thread
   SET erased_at = $2, closed_at = coalesce(closed_at, $2), keys_destroyed_at = $2, reply_owed = false,
       reply_due = NULL, question = NULL, question_due = NULL
 WHERE id = ANY($1::uuid[]) AND keys_destroyed_at IS NULL
"""

DESTROYED = "UPDATE thread SET keys_destroyed_at = $2 WHERE id = $1"

FORGET_DRAFTS = "DELETE FROM draft WHERE thread = $1"

WITHDRAW_REQUESTS = """
UPDATE person_request SET withdrawn_at = greatest(at, $2)
 WHERE thread = $1 AND joined_at IS NULL AND withdrawn_at IS NULL
RETURNING id
"""

OF_PATIENT = """
UPDATE thread
   SET erased_at = coalesce(erased_at, $2), closed_at = coalesce(closed_at, $2), reply_owed = false, reply_due = NULL,
       question = NULL, question_due = NULL
 WHERE patient = $1
"""

END_QUESTIONS = """
UPDATE question SET state = 'withdrawn', settled_at = greatest(asked_at, $2) WHERE patient = $1 AND settled_at IS NULL
"""

END_REQUESTS = """
UPDATE person_request SET withdrawn_at = greatest(at, $2)
 WHERE patient = $1 AND joined_at IS NULL AND withdrawn_at IS NULL
"""

END_FOLLOW_UPS = """
UPDATE follow_up SET declined_at = $2 WHERE patient = $1 AND sent_at IS NULL AND declined_at IS NULL
"""

END_CONSULTS = """
UPDATE consult SET status = 'withdrawn', withdrawn_at = $2 WHERE patient = $1 AND status IN ('requested', 'answered')
"""

END_CLOCKS = """
UPDATE consult_clock SET running_since = NULL, paused_since = NULL, ended_at = $2
 WHERE patient = $1 AND ended_at IS NULL
"""

END_DEADLINES = """
UPDATE deadline SET cancelled_at = $2
 WHERE fired_at IS NULL AND cancelled_at IS NULL
   AND entity IN (SELECT id FROM thread WHERE patient = $1 UNION ALL SELECT id FROM consult WHERE patient = $1)
"""

ALL_OF_PATIENT = (OF_PATIENT, END_QUESTIONS, END_REQUESTS, END_FOLLOW_UPS, END_CONSULTS, END_CLOCKS, END_DEADLINES)


async def lock(tx: Tx, thread: UUID) -> asyncpg.Record | None:
    """The thread, locked until the transaction ends."""
    return await tx.fetchrow(LOCK, thread)


async def under_way(tx: Tx, thread: UUID) -> bool:
    """Whether a consult goes on in the thread."""
    return bool(await tx.fetchval(UNDER_WAY, thread))


async def erase(tx: Tx, thread: UUID, now: datetime) -> None:
    """From the commit on nobody reads the thread; who began to write in it has nothing to go on with."""
    await tx.execute(ERASE, thread, now)
    await tx.execute(FORGET_DRAFTS, thread)


async def withdraw_requests(tx: Tx, thread: UUID, now: datetime) -> list[UUID]:
    """Requests for a person in the thread that nobody has met are over; gives them."""
    return [row["id"] for row in await tx.fetch(WITHDRAW_REQUESTS, thread, now)]


async def destroyed(tx: Tx, thread: UUID, now: datetime) -> None:
    """The keys are gone."""
    await tx.execute(DESTROYED, thread, now)


async def erase_all(tx: Tx, threads: Sequence[UUID], now: datetime) -> None:
    """Have threads whose keys are gone be gone, where an older backup brought them back."""
    await tx.execute(ERASE_ALL, threads, now)


async def end_all(tx: Tx, patient: UUID, now: datetime) -> None:
    """Nothing of an erased patient is open, owed or due any more."""
    for statement in ALL_OF_PATIENT:
        await tx.execute(statement, patient, now)
