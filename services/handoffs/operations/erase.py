"""Nothing is owed for a patient who is erased, but the erasure itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.handoffs.model import ESCALATE
from services.handoffs.store import ledger, reading
from shared.deadlines import cancel_deadlines
from shared.requests.handoffs import HandoffState

if TYPE_CHECKING:
    from datetime import datetime

    from baton_events.directory import ErasureApproved
    from shared.app import Received
    from shared.database import Tx


async def end_all(tx: Tx, got: Received[ErasureApproved], now: datetime) -> None:
    """Withdraw the patient's open work where it stands."""
    for handoff in await reading.open_of(tx, got.event.patient):
        held = await ledger.lock(tx, handoff)
        if held is None or not held.open or held.about_erasure:
            continue
        at = max(now, held.since)
        await ledger.relieve(tx, held.id, held.number, at)
        await ledger.settle(tx, held.id, HandoffState.WITHDRAWN, got.id, at)
        await cancel_deadlines(tx, ESCALATE, held.id, now)
