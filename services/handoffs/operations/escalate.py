"""A deadline of the ledger passed: custody climbs the ladder, and nothing else happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.handoffs.model import ESCALATE, climb
from services.handoffs.operations import announcing
from services.handoffs.store import ledger
from services.handoffs.table import ROWS
from shared.deadlines import set_deadline

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.database import Tx
    from shared.deadlines import Deadline


async def escalate(ground: Ground, tx: Tx, deadline: Deadline) -> None:
    """Hand the work to the next rung, unless it was settled or given another time in the meantime.

    On the last rung the same owner keeps it and is told again each time, for as long as it is owed.
    """
    held = await ledger.lock(tx, deadline.entity)
    if held is None or not held.open or held.due != deadline.due_at:
        return
    now = max(ground.clock(), held.since)
    step = climb(ROWS[held.name], held, await ledger.first_owner(tx, held.id), now)
    if step.owner == held.owner:
        await ledger.prolong(tx, held, due=step.due, rung=step.rung)
    else:
        await ledger.relieve(tx, held.id, held.number, now)
        await ledger.hand_over(
            tx,
            held.id,
            step.owner,
            start=now,
            end=None,
            due=step.due,
            how="escalated",
            rung=step.rung,
        )
    await set_deadline(tx, ESCALATE, held.id, step.due)
    await announcing.escalated(tx, held, step.owner, step.rung, step.due, now)
