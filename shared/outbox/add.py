"""Announce: write events in the transaction that makes them true."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from shared.crash import CrashPoint, reach
from shared.telemetry import trace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from baton_events import Event
    from shared.database import Tx

ADD = """
WITH told AS (
    SELECT *, row_number() OVER (PARTITION BY entity ORDER BY nth) AS place, count(*) OVER (PARTITION BY entity) AS n
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::bytea[], $6::text[])
           WITH ORDINALITY AS told (event, entity, type, patient, data, trace, nth)
), counted AS (
    INSERT INTO event_sequence (entity, last)
    SELECT entity, count(*) FROM told GROUP BY entity ORDER BY entity
    ON CONFLICT ON CONSTRAINT event_sequence_pkey DO UPDATE SET last = event_sequence.last + excluded.last
    RETURNING entity, last
)
INSERT INTO outbox (event, entity, sequence, type, patient, time, traceparent, data)
SELECT told.event, told.entity, counted.last - told.n + told.place, told.type, told.patient, $7, told.trace, told.data
  FROM told JOIN counted USING (entity)
 ORDER BY told.nth
"""


async def announce_all(
    tx: Tx, events: Sequence[Event], now: datetime, traces: Sequence[str | None] | None = None
) -> list[UUID]:
    """Add the events to the outbox in the order given, and give their ids; locks their entities until the end.

    The lock makes id order commit order for an entity. The relay is woken after the commit. `traces` are the
    traceparents of events that belong to different requests; without it, all belong to the work under way.
    """
    ids = [uuid4() for _ in events]
    await tx.execute(
        ADD,
        ids,
        [event.entity for event in events],
        [event.kind.type for event in events],
        [event.patient_id for event in events],
        [msgspec.json.encode(event) for event in events],
        traces if traces is not None else [trace.current_traceparent()] * len(events),
        now,
    )
    reach(CrashPoint.OUTBOX_ADDED)
    tx.after_commit(lambda: _tell(tx))
    return ids


def _tell(tx: Tx) -> None:
    reach(CrashPoint.OUTBOX_COMMITTED)
    tx.announced.set()


async def announce(tx: Tx, event: Event, now: datetime) -> UUID:
    """Add one event to the outbox and give its id."""
    return (await announce_all(tx, [event], now))[0]
