"""The outbox's statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from uuid import UUID

    from asyncpg import Record

    from shared.database import Tx

LONGEST_RUN = 8
"""So that others published in the same round do not wait long for an entity with much to tell."""

COLUMNS = """
o.id, o.event, o.entity, o.sequence, o.type, o.patient, o.time, o.traceparent, o.data, o.attempts, o.added_at,
       o.added_at < now() - make_interval(secs => $2) AS long_ago
"""

OLDER_WAITS = "EXISTS (SELECT 1 FROM outbox p WHERE p.entity = o.entity AND p.published_at IS NULL AND p.id < o.id)"

TOLD = """
(NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = o.patient) OR o.type LIKE 'care.%.v1.erasure.%')
"""
"""Nothing more is told of a patient who was erased, but the erasure itself."""

WAITS = f"o.published_at IS NULL AND o.next_at <= now() AND {TOLD}"

OLDEST = f"""
SELECT {COLUMNS}, NOT {OLDER_WAITS} AS head FROM outbox o WHERE {WAITS}
 ORDER BY o.id LIMIT $1 FOR UPDATE OF o SKIP LOCKED
"""  # noqa: S608 - columns and conditions of this module

HEADS = f"""
SELECT {COLUMNS}, true AS head FROM outbox o WHERE {WAITS} AND NOT {OLDER_WAITS}
 ORDER BY o.id LIMIT $1 FOR UPDATE OF o SKIP LOCKED
"""  # noqa: S608 - likewise

MARK_PUBLISHED = """
WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
UPDATE outbox o SET published_at = now(), stream_sequence = done.stream_sequence
  FROM unhurried, unnest($1::bigint[], $2::bigint[]) AS done (id, stream_sequence)
 WHERE o.id = done.id
"""
"""Waits for no disk: of what a crash forgets it is found again that it is in the stream, as of any unmarked event."""

PUT_OFF = """
UPDATE outbox o SET attempts = o.attempts + 1, next_at = now() + make_interval(secs => later.seconds)
  FROM unnest($1::bigint[], $2::float8[]) AS later (id, seconds)
 WHERE o.id = later.id
"""

PUBLISHED_SINCE = f"""
SELECT o.id, o.event, o.stream_sequence, o.published_at
  FROM outbox o
 WHERE o.published_at IS NOT NULL AND (o.published_at, o.id) > ($1, $2) AND {TOLD}
 ORDER BY o.published_at, o.id LIMIT $3
"""  # noqa: S608 - a condition of this module

PUBLISH_AGAIN = """
UPDATE outbox SET published_at = NULL, stream_sequence = NULL, next_at = now() WHERE id = ANY($1::bigint[])
"""

FORGET_PUBLISHED = """
DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE published_at < now() - $1::interval
                 ORDER BY published_at LIMIT $2)
"""

FORGET_HANDLED = """
DELETE FROM inbox WHERE event IN (SELECT event FROM inbox WHERE handled_at < now() - $1::interval
                 ORDER BY handled_at LIMIT $2)
"""

FORGET_REPEATS = """
DELETE FROM idempotency i
 USING (SELECT caller, operation, key FROM idempotency WHERE kept_at < now() - $1::interval
                 ORDER BY kept_at LIMIT $2) AS old
 WHERE i.caller = old.caller AND i.operation = old.operation AND i.key = old.key
"""

FORGET_UNTOLD = f"""
DELETE FROM outbox WHERE id IN (SELECT o.id FROM outbox o
                 WHERE o.published_at IS NULL AND NOT {TOLD} AND o.added_at < now() - $1::interval
                 ORDER BY o.id LIMIT $2)
"""  # noqa: S608 - a condition of this module

FORGET_PATIENT = "DELETE FROM outbox o WHERE o.patient = $1 AND o.type NOT LIKE 'care.%.v1.erasure.%'"

WAITING = f"""
SELECT count(*) AS depth, COALESCE(extract(epoch FROM now() - min(o.added_at)), 0)::float8 AS age
  FROM outbox o WHERE o.published_at IS NULL AND {TOLD}
"""  # noqa: S608 - a condition of this module


async def take(tx: Tx, most: int, duplicate_window: float) -> list[list[Record]]:
    """Lock waiting rows that no other relay holds; gives for each entity a run from its oldest unpublished row on.

    `long_ago` tells that a row may have been tried before the stream's duplicate window. Where the oldest rows all
    wait for an older one of theirs, the oldest of the other entities are looked for among all.
    """
    runs = _runs(await tx.fetch(OLDEST, most, duplicate_window))
    return runs or _runs(await tx.fetch(HEADS, most, duplicate_window))


def _runs(rows: list[Record]) -> list[list[Record]]:
    """By entity, the rows that follow one another without a gap from the head of its line."""
    runs: dict[UUID, list[Record]] = {}
    for row in rows:
        run = runs.get(row["entity"])
        if run is None:
            runs[row["entity"]] = [row] if row["head"] else []
        elif run and len(run) < LONGEST_RUN and row["sequence"] == run[-1]["sequence"] + 1:
            run.append(row)
    return [run for run in runs.values() if run]


async def mark_published(tx: Tx, ids: Sequence[int], stream_sequences: Sequence[int]) -> None:
    """These are in the stream, at these places."""
    await tx.execute(MARK_PUBLISHED, ids, stream_sequences)


async def put_off(tx: Tx, ids: Sequence[int], seconds: Sequence[float]) -> None:
    """Try these again so many seconds from now."""
    await tx.execute(PUT_OFF, ids, seconds)


async def published_since(tx: Tx, after: datetime, after_id: int, most: int) -> list[Record]:
    """What was published after this moment and row, in that order."""
    return await tx.fetch(PUBLISHED_SINCE, after, after_id, most)


async def database_time(tx: Tx) -> datetime:
    """The moment by which the database stamps its rows."""
    moment: datetime = await tx.fetchval("SELECT now()")
    return moment


async def publish_again(tx: Tx, ids: Sequence[int]) -> None:
    """Let the relay take these once more."""
    await tx.execute(PUBLISH_AGAIN, ids)


async def forget(tx: Tx, statement: str, age: timedelta, most: int) -> int:
    """Delete at most so many rows older than `age` with one of the FORGET statements; gives how many."""
    return int((await tx.execute(statement, age, most)).rpartition(" ")[2])


async def forget_patient(tx: Tx, patient: UUID) -> None:
    """Delete what was or was to be told of the patient, but their erasure."""
    await tx.execute(FORGET_PATIENT, patient)


async def waiting(tx: Tx) -> tuple[int, float]:
    """How many events wait to be published, and how many seconds the oldest has waited."""
    row = await tx.fetchrow(WAITING)
    assert row is not None
    return row["depth"], row["age"]


def subject_of(event_type: str, patient: UUID | None) -> str:
    """The NATS subject of a row."""
    return f"{event_type}.{patient or 'none'}"
