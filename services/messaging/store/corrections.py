"""Messages by their id, and what they said before they were corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import Party
from services.messaging.model.corrections import MessageNow

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

THREAD_OF = "SELECT thread FROM message WHERE id = $1"

NOW = "SELECT id, thread, sequence, author, party, at, revision, retracted_at FROM message WHERE id = $1"

VERSIONS = """
SELECT 0 AS revision, m.sealed, m.at FROM message m WHERE m.id = $1
 UNION ALL
SELECT r.revision, r.sealed, r.at FROM revision r WHERE r.message = $1
 ORDER BY revision
"""

ADD = "INSERT INTO revision (message, revision, sealed, at) VALUES ($1, $2, $3, $4)"

CORRECTED = "UPDATE message SET revision = $2, corrected_at = $3 WHERE id = $1"

RETRACTED = "UPDATE message SET retracted_at = $2 WHERE id = $1"

IS_FOLLOW_UP = "SELECT EXISTS (SELECT 1 FROM follow_up WHERE message = $1)"

LAST_OF_PATIENT = """
SELECT sequence FROM message
 WHERE thread = $1 AND party = 'patient' AND retracted_at IS NULL
 ORDER BY sequence DESC LIMIT 1
"""

ASKED_BY_REQUEST = "SELECT EXISTS (SELECT 1 FROM consult WHERE thread = $1 AND version = 0)"

ANSWERED_BESIDE = """
SELECT EXISTS (
    SELECT 1 FROM message
     WHERE thread = $1 AND sequence > $2 AND party = 'staff' AND retracted_at IS NULL AND id <> $3
)
"""


async def thread_of(tx: Tx, message: UUID) -> UUID | None:
    """The thread in which the message stands, if there is such a message."""
    found: UUID | None = await tx.fetchval(THREAD_OF, message)
    return found


async def message(tx: Tx, message: UUID) -> MessageNow:
    """The message, which is there; to be changed only with its thread locked."""
    row = await tx.fetchrow(NOW, message)
    assert row is not None
    return MessageNow(
        id=row["id"],
        thread=row["thread"],
        sequence=row["sequence"],
        author=row["author"],
        party=Party(row["party"]),
        at=row["at"],
        revision=row["revision"],
        retracted_at=row["retracted_at"],
    )


async def versions(tx: Tx, message: UUID) -> list[asyncpg.Record]:
    """Everything the message ever said, sealed, the first version first."""
    return await tx.fetch(VERSIONS, message)


async def correct(tx: Tx, message: UUID, revision: int, sealed: bytes, now: datetime) -> None:
    """The message says this from now on; what it said stays."""
    await tx.execute(ADD, message, revision, sealed, now)
    await tx.execute(CORRECTED, message, revision, now)


async def retract(tx: Tx, message: UUID, now: datetime) -> None:
    """The message is taken back; what it said stays."""
    await tx.execute(RETRACTED, message, now)


async def is_follow_up(tx: Tx, message: UUID) -> bool:
    """Whether this message is the follow-up that was owed after a visit."""
    return bool(await tx.fetchval(IS_FOLLOW_UP, message))


async def is_only_answer(tx: Tx, message: MessageNow) -> bool:
    """Whether the patient's last words would stand without any of the practice's after them, but for this message.

    In a consult without a plan the request itself asks, before the first message.
    """
    if message.party is Party.PATIENT:
        return False
    asked = await tx.fetchval(LAST_OF_PATIENT, message.thread)
    if asked is None and await tx.fetchval(ASKED_BY_REQUEST, message.thread):
        asked = 0
    if asked is None or asked > message.sequence:
        return False
    return not await tx.fetchval(ANSWERED_BESIDE, message.thread, asked, message.id)
