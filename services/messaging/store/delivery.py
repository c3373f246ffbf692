"""How far a thread's messages have come: what each side has read, and what has not left the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from baton_events.codes import Party
from baton_events.messaging import MessageSent
from services.messaging.model.delivery import Reach

if TYPE_CHECKING:
    from uuid import UUID

    from shared.database import Tx

REACH = """
SELECT (SELECT max(sequence) FROM reading WHERE thread = $1 AND party = 'patient') AS patient,
       (SELECT max(sequence) FROM reading WHERE thread = $1 AND party = 'staff') AS staff,
       (SELECT data FROM outbox WHERE entity = $1 AND published_at IS NULL AND type = $2 ORDER BY id LIMIT 1) AS waits
"""


async def reach(tx: Tx, thread: UUID, *, closed: bool) -> Reach:
    """How far the thread has come; a thread's messages leave the outbox in their order, so the first tells of all."""
    row = await tx.fetchrow(REACH, thread, MessageSent.kind.type)
    assert row is not None
    return Reach(
        read={Party.PATIENT: row["patient"] or 0, Party.STAFF: row["staff"] or 0},
        waiting_from=msgspec.json.decode(row["waits"], type=MessageSent).thread_sequence if row["waits"] else None,
        closed=closed,
    )
