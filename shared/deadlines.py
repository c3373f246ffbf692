"""Deadlines: rows set and cancelled with the work they belong to, fired exactly once, also after an outage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from datetime import datetime

    from shared.database import Tx

SET = """
INSERT INTO deadline (id, kind, entity, due_at) VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT deadline_kind_entity_due_key DO NOTHING
"""

CANCEL = """
UPDATE deadline SET cancelled_at = $3
 WHERE kind = $1 AND entity = $2 AND fired_at IS NULL AND cancelled_at IS NULL
"""


@dataclass(frozen=True)
class Deadline:
    """Something that is due: `kind` says what, `entity` of which row, `due_at` when (UTC)."""

    id: UUID
    kind: str
    entity: UUID
    due_at: datetime


async def set_deadline(tx: Tx, kind: str, entity: UUID, due_at: datetime) -> None:
    """Have `kind` fire for `entity` at `due_at`; setting it twice is setting it once."""
    await tx.execute(SET, uuid4(), kind, entity, due_at)


async def cancel_deadlines(tx: Tx, kind: str, entity: UUID, now: datetime) -> None:
    """Nothing of `kind` fires for `entity` any more."""
    await tx.execute(CANCEL, kind, entity, now)
