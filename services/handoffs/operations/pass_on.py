"""Custody passes from one owner to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.handoffs.model import ESCALATE, Held
from services.handoffs.operations import announcing
from services.handoffs.store import ledger
from shared.deadlines import cancel_deadlines, set_deadline

if TYPE_CHECKING:
    from datetime import datetime

    from shared.database import Tx


async def pass_on(tx: Tx, held: Held, owner: str, at: datetime, due: datetime, now: datetime) -> None:
    """Relieve who has it and make `owner` accountable from `at` on; nobody has accepted it yet."""
    await ledger.relieve(tx, held, at)
    await ledger.hand_over(
        tx, held.id, held.number + 1, owner, start=at, end=None, due=due, how="moved", rung=held.rung
    )
    if due != held.due:
        await cancel_deadlines(tx, ESCALATE, held.id, now)
        await set_deadline(tx, ESCALATE, held.id, due)
    await announcing.moved(tx, held, owner, due, now)
