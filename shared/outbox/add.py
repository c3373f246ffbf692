"""Announce: write an event in the transaction that makes it true."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from shared.telemetry import trace

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from baton_events import Event
    from shared.database import Tx

WAITING = asyncio.Event()
"""Set after a commit that left an event behind; wakes this process's relay."""

ADD = """
WITH counted AS (
    INSERT INTO event_sequence (entity, last) VALUES ($2, 1)
    ON CONFLICT ON CONSTRAINT event_sequence_pkey DO UPDATE SET last = event_sequence.last + 1
    RETURNING last
)
INSERT INTO outbox (event, entity, sequence, type, patient, time, traceparent, data)
SELECT $1, $2, counted.last, $3, $4, $5, $6, $7 FROM counted
"""


async def announce(tx: Tx, event: Event, now: datetime) -> UUID:
    """Add the event to the outbox and give its id; locks the entity until the transaction ends.

    The lock makes id order commit order for the entity. The relay is woken after the commit.
    """
    event_id = uuid4()
    await tx.execute(
        ADD,
        event_id,
        event.entity,
        event.kind.type,
        event.patient_id,
        now,
        trace.current_traceparent(),
        msgspec.json.encode(event),
    )
    tx.after_commit(WAITING.set)
    return event_id
