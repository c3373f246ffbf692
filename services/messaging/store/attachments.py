"""Files: what has arrived of them, what carries them, and objects that no row holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.model.attachments import Card, NoSuchAttachment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

COLUMNS = """
SELECT a.id, a.patient, a.thread, a.author, a.key_group, a.size, a.parts, a.sealed, a.message,
       a.finished_at IS NOT NULL AS finished, a.used_at IS NOT NULL AS used,
       EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = a.patient)
           OR EXISTS (SELECT 1 FROM thread t WHERE t.id = a.thread AND t.erased_at IS NOT NULL) AS erased,
       EXISTS (SELECT 1 FROM message m WHERE m.id = a.message AND m.retracted_at IS NOT NULL) AS retracted
  FROM attachment a
"""

CARD = f"{COLUMNS} WHERE a.id = $1"
LOCK = f"{COLUMNS} WHERE a.id = ANY($1::uuid[]) ORDER BY a.id FOR NO KEY UPDATE OF a"
OF_MESSAGES = f"{COLUMNS} WHERE a.message = ANY($1::uuid[]) ORDER BY a.begun_at, a.id"

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('uploads ' || $1, 0))"

WAITING = "SELECT count(*) FROM attachment WHERE author = $1 AND used_at IS NULL"

IN_THREAD = "SELECT count(*) FROM attachment WHERE thread = $1"

BEGIN = """
INSERT INTO attachment (id, patient, thread, author, key_group, size, parts, sealed, begun_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

PARTS = "SELECT part, object FROM attachment_part WHERE attachment = $1 ORDER BY part"

OBJECT = "SELECT object FROM attachment_part WHERE attachment = $1 AND part = $2"

PUT = """
INSERT INTO attachment_part (attachment, part, object) VALUES ($1, $2, $3)
ON CONFLICT ON CONSTRAINT attachment_part_pkey DO NOTHING
RETURNING part
"""

DROP_PART = """
WITH gone AS (DELETE FROM attachment_part WHERE attachment = $1 AND part = $2 AND object = $3 RETURNING object)
INSERT INTO loose_object (object, due_at) SELECT object, $4 FROM gone
"""

EXPECT = "INSERT INTO loose_object (object, due_at) VALUES ($1, $2)"

HOLD = "DELETE FROM loose_object WHERE object = $1 RETURNING object"

FINISH = "UPDATE attachment SET finished_at = $2, sealed = $3 WHERE id = $1"

USE = "UPDATE attachment SET used_at = $3, message = $2 WHERE id = ANY($1::uuid[])"

BIND = """
UPDATE attachment SET thread = $4, used_at = $5
 WHERE id = ANY($1::uuid[]) AND patient = $2 AND author = $3 AND finished_at IS NOT NULL AND used_at IS NULL
   AND (thread IS NULL OR thread = $4)
RETURNING id
"""

RELEASE = """
WITH gone AS (DELETE FROM attachment_part WHERE attachment = ANY($1::uuid[]) RETURNING object)
INSERT INTO loose_object (object, due_at) SELECT object, $2 FROM gone
"""

REMOVE = "DELETE FROM attachment WHERE id = ANY($1::uuid[])"

OF_PATIENT = "SELECT id FROM attachment WHERE patient = $1"
OF_THREAD = "SELECT id FROM attachment WHERE thread = $1"
GROUPS = "SELECT DISTINCT key_group FROM attachment WHERE thread = $1 AND key_group <> thread ORDER BY key_group"

STANDING = "SELECT finished_at, used_at FROM attachment WHERE id = $1 FOR NO KEY UPDATE"

LOOSE = "SELECT object FROM loose_object WHERE due_at <= $1 ORDER BY due_at LIMIT $2"

FORGET = "DELETE FROM loose_object WHERE object = ANY($1::uuid[])"


def _card(row: asyncpg.Record) -> Card:
    return Card(**dict(row.items()))


async def card(tx: Tx, attachment: UUID) -> Card | None:
    """The attachment as it stands."""
    row = await tx.fetchrow(CARD, attachment)
    return _card(row) if row else None


async def lock(tx: Tx, attachments: Sequence[UUID]) -> list[Card]:
    """Those of the attachments that there are, locked in the order of their ids."""
    return [_card(row) for row in await tx.fetch(LOCK, sorted(set(attachments)))]


async def of_messages(tx: Tx, messages: Sequence[UUID]) -> list[Card]:
    """What these messages carry."""
    return [_card(row) for row in await tx.fetch(OF_MESSAGES, messages)] if messages else []


async def waiting(tx: Tx, author: UUID) -> int:
    """How many uploads of the author no message carries; until the transaction ends nobody else begins one for them."""
    await tx.execute(ONE_AT_A_TIME, str(author))
    return int(await tx.fetchval(WAITING, author))


async def in_thread(tx: Tx, thread: UUID) -> int:
    """How many attachments the thread has, on their way or there."""
    return int(await tx.fetchval(IN_THREAD, thread))


async def begin(tx: Tx, new: Card, now: datetime) -> None:
    """Add an upload."""
    await tx.execute(
        BEGIN, new.id, new.patient, new.thread, new.author, new.key_group, new.size, new.parts, new.sealed, now
    )


async def parts(tx: Tx, attachment: UUID) -> list[int]:
    """The parts that have arrived, in order."""
    return [row["part"] for row in await tx.fetch(PARTS, attachment)]


async def object_of(tx: Tx, attachment: UUID, part: int) -> UUID | None:
    """The object that holds the part."""
    found: UUID | None = await tx.fetchval(OBJECT, attachment, part)
    return found


async def expect(tx: Tx, object_: UUID, due_at: datetime) -> None:
    """An object is about to be stored; if no part holds it by then, it is removed."""
    await tx.execute(EXPECT, object_, due_at)


async def put(tx: Tx, attachment: UUID, part: int, object_: UUID) -> bool:
    """Have the part held by the object; False when another object holds it, or this one was removed meanwhile."""
    if await tx.fetchval(PUT, attachment, part, object_) is None:
        return False
    return await tx.fetchval(HOLD, object_) is not None


async def drop_part(tx: Tx, attachment: UUID, part: int, object_: UUID, now: datetime) -> None:
    """The object does not hold the part any more."""
    await tx.execute(DROP_PART, attachment, part, object_, now)


async def finish(tx: Tx, attachment: UUID, sealed: bytes, now: datetime) -> None:
    """The upload is whole."""
    await tx.execute(FINISH, attachment, now, sealed)


async def use(tx: Tx, attachments: Sequence[UUID], message: UUID, now: datetime) -> None:
    """The message carries them."""
    await tx.execute(USE, attachments, message, now)


async def bind(tx: Tx, ids: Sequence[UUID], patient: UUID, person: UUID, thread: UUID, now: datetime) -> None:
    """Have these whole, unused uploads of the person for the patient stand in the thread.

    Raises NoSuchAttachment where one is not such; the caller's transaction does not go on then.
    """
    if not ids:
        return
    bound = await tx.fetch(BIND, ids, patient, person, thread, now)
    if len(bound) != len(set(ids)):
        raise NoSuchAttachment


async def release(tx: Tx, attachments: Sequence[UUID], now: datetime) -> None:
    """Remove the attachments; their objects follow."""
    await tx.execute(RELEASE, attachments, now)
    await tx.execute(REMOVE, attachments)


async def release_of_patient(tx: Tx, patient: UUID, now: datetime) -> None:
    """Remove every attachment of the patient; their objects follow."""
    await release(tx, [row["id"] for row in await tx.fetch(OF_PATIENT, patient)], now)


async def release_of_thread(tx: Tx, thread: UUID, now: datetime) -> None:
    """Remove every attachment of the thread; their objects follow."""
    await release(tx, [row["id"] for row in await tx.fetch(OF_THREAD, thread)], now)


async def groups_of_thread(tx: Tx, thread: UUID) -> list[UUID]:
    """The groups beside the thread's own whose keys seal files of it: those uploaded before there was a thread."""
    return [row["key_group"] for row in await tx.fetch(GROUPS, thread)]


async def standing(tx: Tx, attachment: UUID) -> tuple[datetime | None, datetime | None] | None:
    """When it was finished and used, locked; None when it is gone."""
    row = await tx.fetchrow(STANDING, attachment)
    return (row["finished_at"], row["used_at"]) if row else None


async def loose(tx: Tx, now: datetime, most: int) -> list[UUID]:
    """Objects that nothing holds and that are due to be removed."""
    return [row["object"] for row in await tx.fetch(LOOSE, now, most)]


async def forget(tx: Tx, objects: Sequence[UUID]) -> None:
    """The objects are gone."""
    await tx.execute(FORGET, objects)
