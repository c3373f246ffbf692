"""Audit rows, their links and their checkpoints: added and read, never changed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

    from shared.database import Tx

COLUMNS = "at, actor, cause, patient, action, operation, object, range, trace"

ADD_ONE = f"""
INSERT INTO audit ({COLUMNS})
SELECT $1::timestamptz, $2::text, $3::uuid, $4::uuid, $5::text, $6::text, $7::uuid, $8::text, $9::text
 WHERE $10::boolean OR NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = $4)
"""  # noqa: S608 - columns of this module

ADD = f"""
INSERT INTO audit ({COLUMNS})
SELECT {COLUMNS}
  FROM unnest($1::timestamptz[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::text[],
              $9::text[]) AS said ({COLUMNS})
 WHERE $10::boolean OR NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = said.patient)
"""  # noqa: S608 - likewise

OF_PATIENT = """
SELECT a.id, a.at, a.actor, a.cause, a.patient, a.action, a.operation, a.object, a.range, a.trace, a.tx::text
  FROM audit a WHERE a.patient = $1 ORDER BY a.id DESC LIMIT $2
"""

TRY_LOCK = """
SELECT pg_try_advisory_xact_lock(hashtext('audit_link')) AS locked,
       pg_snapshot_xmin(pg_current_snapshot())::text AS oldest
"""

HEAD = "SELECT position, hash FROM audit_link ORDER BY position DESC LIMIT 1"

SETTLED = """
SELECT settled::text AS tx, settled_row AS id FROM audit_checkpoint
 WHERE server = (SELECT system_identifier FROM pg_control_system())
 ORDER BY position DESC LIMIT 1
"""

UNLINKED = """
SELECT a.id, a.at, a.actor, a.cause, a.patient, a.action, a.operation, a.object, a.range, a.trace, a.tx::text
  FROM audit a
 WHERE (a.tx, a.id) > ($1::text::xid8, $2)
   AND (SELECT l.position FROM audit_link l WHERE l.audit = a.id) IS NULL  -- row by row, whatever the statistics say
 ORDER BY a.tx, a.id LIMIT $3
"""

LINK = "INSERT INTO audit_link (position, audit, hash) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])"

LAST_CHECKPOINT = "SELECT position, at FROM audit_checkpoint ORDER BY position DESC LIMIT 1"

ADD_CHECKPOINT = """
INSERT INTO audit_checkpoint (id, position, head, signature, at, settled, settled_row, server)
SELECT $1, $2, $3, $4, $5, $6::text::xid8, $7, system_identifier FROM pg_control_system()
"""

CHECKPOINTS = "SELECT position, head, signature, at FROM audit_checkpoint ORDER BY position, at"

LINKED = """
SELECT l.position, l.audit, l.hash,
       a.id, a.at, a.actor, a.cause, a.patient, a.action, a.operation, a.object, a.range, a.trace, a.tx::text
  FROM audit_link l LEFT JOIN audit a ON a.id = l.audit
 WHERE l.position > $1 ORDER BY l.position LIMIT $2
"""

UNLINKED_SINCE = """
SELECT a.id FROM audit a
 WHERE a.at < $1 AND NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.audit = a.id)
 ORDER BY a.id LIMIT $2
"""


Seen = tuple[int, int]
"""A place among the rows by transaction and number, which unlike the number alone is never filled later."""

NOTHING: Seen = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one audit row says. `trace` is the W3C trace id."""

    at: datetime
    actor: str
    cause: UUID | None
    patient: UUID | None
    action: str
    operation: str
    object: UUID | None
    range: str | None
    trace: str | None


values = attrgetter(*(field.name for field in fields(Row)))


@dataclass(frozen=True, kw_only=True)
class Stored(Row):
    """A row as it is stored: its number, and the transaction that wrote it."""

    id: int
    tx: int


@dataclass(frozen=True)
class Link:
    """A place in the chain. `row` is None when the row it stands for is gone."""

    position: int
    audit: int
    hash: bytes
    row: Stored | None


@dataclass(frozen=True)
class Checkpoint:
    """The chain stood at `position` with the hash `head`, says the signature (Ed25519, by the service's own key)."""

    position: int
    head: bytes
    signature: bytes
    at: datetime | None = None


async def add(tx: Tx, rows: Sequence[Row], *, erased_too: bool) -> int:
    """Add the rows, in this order, and give how many; without `erased_too`, none about a patient who is erased."""
    if not rows:
        return 0
    if len(rows) == 1:
        said = await tx.execute(ADD_ONE, *values(rows[0]), erased_too)
    else:
        said = await tx.execute(ADD, *map(list, zip(*map(values, rows), strict=True)), erased_too)
    return int(said.rpartition(" ")[2])


async def of_patient(tx: Tx, patient: UUID, limit: int) -> list[Stored]:
    """The patient's rows, newest first."""
    return [_stored(row) for row in await tx.fetch(OF_PATIENT, patient, limit)]


async def lock_chain(tx: Tx) -> int | None:
    """Take the chain's head until the transaction ends; None when another process has it.

    Gives the oldest transaction still open: rows of older ones are all visible from now on, or never will be.
    """
    row = await tx.fetchrow(TRY_LOCK)
    return int(row["oldest"]) if row and row["locked"] else None


async def head(tx: Tx) -> tuple[int, bytes] | None:
    """The last position and its hash."""
    row = await tx.fetchrow(HEAD)
    return (row["position"], row["hash"]) if row else None


async def settled(tx: Tx) -> Seen:
    """Up to where every row was linked at the last checkpoint; nowhere, when that was on another server.

    Transactions count differently there.
    """
    row = await tx.fetchrow(SETTLED)
    return (int(row["tx"]), row["id"]) if row else NOTHING


async def unlinked(tx: Tx, after: Seen, limit: int) -> list[Stored]:
    """Committed rows without a link, by transaction and number, from the one after `after`."""
    return [_stored(row) for row in await tx.fetch(UNLINKED, str(after[0]), after[1], limit)]


async def link(tx: Tx, links: Sequence[tuple[int, int, bytes]]) -> None:
    """Append links: position, audit row, hash."""
    await tx.execute(LINK, *map(list, zip(*links, strict=True)))


async def last_checkpoint(tx: Tx) -> tuple[int, datetime] | None:
    """Position and time of the last checkpoint."""
    row = await tx.fetchrow(LAST_CHECKPOINT)
    return (row["position"], row["at"]) if row else None


async def add_checkpoint(tx: Tx, checkpoint: Checkpoint, settled: Seen, now: datetime) -> UUID:
    """Keep a checkpoint and give its id."""
    id_ = uuid4()
    await tx.execute(
        ADD_CHECKPOINT,
        id_,
        checkpoint.position,
        checkpoint.head,
        checkpoint.signature,
        now,
        str(settled[0]),
        settled[1],
    )
    return id_


async def checkpoints(tx: Tx) -> list[Checkpoint]:
    """Every checkpoint kept, in order."""
    rows = await tx.fetch(CHECKPOINTS)
    return [Checkpoint(row["position"], row["head"], row["signature"], row["at"]) for row in rows]


async def links(tx: Tx, after: int, limit: int) -> list[Link]:
    """The chain from the position after `after`, with the rows it stands for."""
    return [
        Link(row[0], row[1], row["hash"], _stored(row) if row["id"] is not None else None)
        for row in await tx.fetch(LINKED, after, limit)
    ]


async def unlinked_since(tx: Tx, before: datetime, limit: int) -> list[int]:
    """Numbers of rows from before `before` that no link stands for."""
    return [row["id"] for row in await tx.fetch(UNLINKED_SINCE, before, limit)]


def _stored(row: asyncpg.Record) -> Stored:
    return Stored(
        id=row["id"],
        at=row["at"],
        actor=row["actor"],
        cause=row["cause"],
        patient=row["patient"],
        action=row["action"],
        operation=row["operation"],
        object=row["object"],
        range=row["range"],
        trace=row["trace"],
        tx=int(row["tx"]),
    )
