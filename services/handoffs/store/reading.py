"""What is shown of the ledger: a team's open work, and every step of a patient's handoffs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton_events.codes import HandoffName
from services.handoffs.store.ledger import HELD, held_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from services.handoffs.model import Held
    from shared.database import Tx

OWED_BY = """
SELECT handoff AS id
  FROM custody
 WHERE owner = ANY ($1::text[]) AND ended_at IS NULL
 ORDER BY due, handoff
 LIMIT $2
"""

OF_PATIENT = """
(SELECT id, opened_at FROM handoff WHERE patient = $1 ORDER BY opened_at DESC, id LIMIT $2)
 UNION
SELECT id, opened_at FROM handoff WHERE patient = $1 AND state = 'open'
 ORDER BY opened_at, id
"""

OPEN_OF = "SELECT id FROM handoff WHERE patient = $1 AND state = 'open' ORDER BY id"

STEPS = """
SELECT h.id, h.name, h.state, h.settled_at,
       c.number, c.owner, c.how, c.started_at, c.due, c.accepted_at,
       row_number() OVER (PARTITION BY h.id ORDER BY c.started_at DESC, c.number DESC) = 1 AS last
  FROM handoff h
  JOIN custody c ON c.handoff = h.id
 WHERE h.id = ANY ($1::uuid[])
 ORDER BY c.started_at, h.id, c.number
"""


@dataclass(frozen=True, kw_only=True)
class Custody:
    """One owner's time with the work; `last` also tells how it ended, if it did."""

    handoff: UUID
    name: HandoffName
    owner: str
    how: str
    started_at: datetime
    due: datetime
    accepted_at: datetime | None
    last: bool
    state: str
    settled_at: datetime | None


async def open_of(tx: Tx, patient: UUID) -> list[UUID]:
    """The patient's work that is open."""
    return [row["id"] for row in await tx.fetch(OPEN_OF, patient)]


async def owed_by(tx: Tx, owners: Sequence[str], most: int) -> list[Held]:
    """The open work of these owners, most urgent first."""
    return await _held(tx, await tx.fetch(OWED_BY, owners, most))


async def of_patient(tx: Tx, patient: UUID, most: int) -> list[Held]:
    """The patient's latest entries and all that are open, earliest first."""
    return await _held(tx, await tx.fetch(OF_PATIENT, patient, most))


async def custodies(tx: Tx, handoffs: Sequence[UUID]) -> list[Custody]:
    """Every custody of these entries, in order of time."""
    return [
        Custody(
            handoff=row["id"],
            name=HandoffName(row["name"]),
            owner=row["owner"],
            how=row["how"],
            started_at=row["started_at"],
            due=row["due"],
            accepted_at=row["accepted_at"],
            last=row["last"],
            state=row["state"],
            settled_at=row["settled_at"],
        )
        for row in await tx.fetch(STEPS, handoffs)
    ]


async def _held(tx: Tx, found: Sequence[asyncpg.Record]) -> list[Held]:
    return [held_of(row) for row in await tx.fetch(HELD, [row["id"] for row in found])]
