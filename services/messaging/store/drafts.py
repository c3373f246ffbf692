"""Drafts, by their author."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg

    from shared.database import Tx

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('draft:' || ($1::uuid)::text, 0))"

VERSION = "SELECT version FROM draft WHERE author = $1 AND id = $2"

COUNT = "SELECT count(*) FROM draft WHERE author = $1"

NEXT_VERSION = "SELECT nextval('draft_version')"

SAVE = """
INSERT INTO draft (author, id, patient, thread, version, sealed, saved_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT ON CONSTRAINT draft_pkey DO UPDATE
   SET version = excluded.version, sealed = excluded.sealed, saved_at = excluded.saved_at
"""

NEWEST = """
SELECT id, patient, thread, version FROM draft
 WHERE author = $1 AND version < $2 AND ($3::uuid IS NULL OR thread = $3)
 ORDER BY version DESC LIMIT $4
"""

THESE = """
SELECT id, patient, thread, version, sealed, saved_at FROM draft d
 WHERE author = $1 AND id = ANY($2::uuid[])
   AND NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = d.patient)
 ORDER BY version DESC
"""

DISCARD = """
DELETE FROM draft WHERE author = $1 AND id = $2 AND ($3::bigint IS NULL OR version = $3) RETURNING patient
"""

SENT = """
DELETE FROM draft WHERE author = $1 AND id = $2 AND patient = $3 AND ($4::bigint IS NULL OR version = $4)
"""

FORGET = "DELETE FROM draft WHERE patient = $1"


@dataclass(frozen=True)
class Saved:
    """A draft as it is about to be kept."""

    author: UUID
    id: UUID
    patient: UUID
    thread: UUID | None
    version: int
    sealed: bytes
    saved_at: datetime


async def one_at_a_time(tx: Tx, author: UUID) -> None:
    """Let no other of the author's drafts be saved until the transaction ends."""
    await tx.execute(ONE_AT_A_TIME, author)


async def version(tx: Tx, author: UUID, draft: UUID) -> int:
    """The version of the draft, 0 where there is none."""
    return await tx.fetchval(VERSION, author, draft) or 0


async def count(tx: Tx, author: UUID) -> int:
    """How many drafts the author has."""
    found: int = await tx.fetchval(COUNT, author)
    return found


async def next_version(tx: Tx) -> int:
    """A version that no draft ever had."""
    found: int = await tx.fetchval(NEXT_VERSION)
    return found


async def save(tx: Tx, draft: Saved) -> None:
    """Keep the draft in the place of the version before it."""
    await tx.execute(
        SAVE, draft.author, draft.id, draft.patient, draft.thread, draft.version, draft.sealed, draft.saved_at
    )


async def newest(tx: Tx, author: UUID, before: int, thread: UUID | None, limit: int) -> list[asyncpg.Record]:
    """The author's drafts below a version, without what they say, latest saved first."""
    return await tx.fetch(NEWEST, author, before, thread, limit)


async def these(tx: Tx, author: UUID, drafts: list[UUID]) -> list[asyncpg.Record]:
    """These drafts of the author, sealed, latest saved first; none about a patient who is erased."""
    return await tx.fetch(THESE, author, drafts)


async def discard(tx: Tx, author: UUID, draft: UUID, version: int | None) -> UUID | None:
    """Remove the draft, with a version only that one, and give the patient it was about, if it was there."""
    patient: UUID | None = await tx.fetchval(DISCARD, author, draft, version)
    return patient


async def sent(tx: Tx, author: UUID, draft: UUID, patient: UUID, version: int | None) -> None:
    """Remove the author's draft about this patient, which has become a message or a request."""
    await tx.execute(SENT, author, draft, patient, version)


async def forget(tx: Tx, patient: UUID) -> None:
    """Remove every draft about the patient, whoever wrote it."""
    await tx.execute(FORGET, patient)
