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
    """Relieve who had it at that time and make `owner` accountable from then on; nobody has accepted it yet.

    A move heard of late takes its place between those before and after it.
    """
    before = await ledger.holding(tx, held.id, at)
    if before is None:
        return
    await ledger.relieve(tx, held.id, before.number, at)
    await ledger.hand_over(tx, held.id, owner, start=at, end=before.ended_at, due=due, how="moved", rung=before.rung)
    if before.ended_at is not None:
        return
    if due != held.due:
        await cancel_deadlines(tx, ESCALATE, held.id, now)
        await set_deadline(tx, ESCALATE, held.id, due)
    await announcing.moved(tx, held, owner, due, now)
