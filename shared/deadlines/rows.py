"""The rows of deadlines: set, cancelled, found due, marked as fired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shared.database import Tx

SET = """
INSERT INTO deadline (id, kind, entity, due_at) VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT deadline_kind_entity_due_key DO UPDATE SET cancelled_at = NULL
 WHERE deadline.fired_at IS NULL AND deadline.cancelled_at IS NOT NULL
"""

SET_ALL = """
INSERT INTO deadline (id, kind, entity, due_at)
SELECT one.id, one.kind, $3, one.due_at FROM unnest($1::uuid[], $2::text[], $4::timestamptz[]) AS one (id, kind, due_at)
ON CONFLICT ON CONSTRAINT deadline_kind_entity_due_key DO UPDATE SET cancelled_at = NULL
 WHERE deadline.fired_at IS NULL AND deadline.cancelled_at IS NOT NULL
"""

CANCEL = """
UPDATE deadline SET cancelled_at = $3
 WHERE kind = $1 AND entity = $2 AND fired_at IS NULL AND cancelled_at IS NULL
"""

DUE = """
SELECT id FROM deadline
 WHERE fired_at IS NULL AND cancelled_at IS NULL AND due_at <= $1 AND kind = ANY($2::text[]) AND id <> ALL($3::uuid[])
 ORDER BY due_at LIMIT $4
"""

CLAIM = """
SELECT id, kind, entity, due_at FROM deadline
 WHERE id = $1 AND fired_at IS NULL AND cancelled_at IS NULL AND pg_try_advisory_xact_lock($2)
"""

FIRED = """
UPDATE deadline SET fired_at = $2 WHERE id = $1 AND fired_at IS NULL AND cancelled_at IS NULL RETURNING id
"""

NEXT = """
SELECT min(due_at) FROM deadline
 WHERE fired_at IS NULL AND cancelled_at IS NULL AND due_at > $1 AND kind = ANY($2::text[])
"""

UNKNOWN = """
SELECT DISTINCT kind FROM deadline
 WHERE fired_at IS NULL AND cancelled_at IS NULL AND due_at <= $1 AND kind <> ALL($2::text[])
"""

LATE = """
SELECT count(*) AS late, COALESCE(extract(epoch FROM $1 - min(due_at)), 0)::float8 AS age FROM deadline
 WHERE fired_at IS NULL AND cancelled_at IS NULL AND due_at <= $1
"""


@dataclass(frozen=True)
class Deadline:
    """Something that is due: `kind` says what, `entity` of which row, `due_at` when (UTC)."""

    id: UUID
    kind: str
    entity: UUID
    due_at: datetime


async def set_deadline(tx: Tx, kind: str, entity: UUID, due_at: datetime) -> None:
    """Have `kind` fire for `entity` at `due_at`, also when that was cancelled; setting it twice is setting it once."""
    await tx.execute(SET, uuid4(), kind, entity, due_at)


async def set_deadlines(tx: Tx, entity: UUID, due_at: Mapping[str, datetime]) -> None:
    """Have several kinds fire for `entity`, each at its own time, in one statement."""
    await tx.execute(SET_ALL, [uuid4() for _ in due_at], list(due_at), entity, list(due_at.values()))


async def cancel_deadlines(tx: Tx, kind: str, entity: UUID, now: datetime) -> None:
    """Nothing of `kind` fires for `entity` any more."""
    await tx.execute(CANCEL, kind, entity, now)


async def due(tx: Tx, now: datetime, kinds: Sequence[str], but: Sequence[UUID], most: int) -> list[UUID]:
    """The ids of what is due, the longest due first, without those in `but`."""
    return [row["id"] for row in await tx.fetch(DUE, now, kinds, but, most)]


async def claim(tx: Tx, id_: UUID) -> Deadline | None:
    """The deadline if it is still open and nobody else fires it; others keep off until the transaction ends.

    The claim locks no row: the work about to fire locks its own rows first and the deadline last, in the order in
    which cancelling does, so the two never wait for one another.
    """
    row = await tx.fetchrow(CLAIM, id_, int.from_bytes(id_.bytes[:8], "big", signed=True))
    return None if row is None else Deadline(row["id"], row["kind"], row["entity"], row["due_at"])


async def mark_fired(tx: Tx, id_: UUID, now: datetime) -> bool:
    """Mark it as fired; False when it was cancelled or fired meanwhile."""
    return await tx.fetchval(FIRED, id_, now) is not None


async def next_due(tx: Tx, now: datetime, kinds: Sequence[str]) -> datetime | None:
    """When the next one after `now` is due."""
    moment: datetime | None = await tx.fetchval(NEXT, now, kinds)
    return moment


async def unknown_kinds(tx: Tx, now: datetime, kinds: Sequence[str]) -> list[str]:
    """The kinds of what is due and not among `kinds`."""
    return [row["kind"] for row in await tx.fetch(UNKNOWN, now, kinds)]


async def late(tx: Tx, now: datetime) -> tuple[int, float]:
    """How many are due and not fired, and for how many seconds the longest."""
    row = await tx.fetchrow(LATE, now)
    assert row is not None
    return row["late"], row["age"]
