"""The log of contacts outside the app."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from services.messaging.model.threads import CARING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

ADD = """
INSERT INTO contact (id, patient, logged_by, channel, origin, answered, call_back_by, question, thread, key_group,
                     sealed, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

PAGE = """
SELECT c.id, c.logged_by, c.channel, c.origin, c.answered, c.call_back_by, c.question, c.thread, c.key_group, c.sealed,
       c.at, EXISTS (SELECT 1 FROM thread t WHERE t.id = c.key_group AND t.erased_at IS NOT NULL) AS erased
  FROM contact c
 WHERE c.patient = $1
   AND ($2::uuid IS NULL OR (c.at, c.id) < (SELECT b.at, b.id FROM contact b WHERE b.id = $2 AND b.patient = $1))
   AND ($3::uuid IS NULL OR c.logged_by = $3
        OR EXISTS (SELECT 1 FROM thread t WHERE t.id = c.thread AND t.assigned = $3 AND t.team = ANY ($5::text[]))
        OR EXISTS (SELECT 1 FROM participant p
                    WHERE p.thread = c.thread AND p.person = $3 AND p.left_at IS NULL AND $5::text[] && $6::text[]))
 ORDER BY c.at DESC, c.id DESC LIMIT $4
"""

QUESTION = "SELECT thread, patient, settled_at IS NOT NULL AS settled FROM question WHERE id = $1"


@dataclass(frozen=True, kw_only=True)
class NewContact:
    """A contact about to be kept, in the order of its columns."""

    id: UUID
    patient: UUID
    logged_by: UUID
    channel: str
    origin: str
    answered: bool
    call_back_by: datetime | None
    question: UUID | None
    thread: UUID | None
    key_group: UUID
    sealed: bytes
    at: datetime


async def add(tx: Tx, contact: NewContact) -> None:
    """Keep it."""
    await tx.execute(ADD, *astuple(contact))


async def page(
    tx: Tx, patient: UUID, before: UUID | None, limit: int, known_to: UUID | None, teams: Iterable[str]
) -> list[asyncpg.Record]:
    """At most `limit` entries, newest first; with `known_to`, who is in these teams, what their own work shows them.

    Those they logged, and those whose thread they see to or take part in.
    """
    return await tx.fetch(PAGE, patient, before, known_to, limit, list(teams), list(CARING))


async def question(tx: Tx, question: UUID) -> asyncpg.Record | None:
    """Where the question stands."""
    return await tx.fetchrow(QUESTION, question)
