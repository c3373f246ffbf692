"""Take work that the caller's team owes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.handoffs.model import TakenWhereItIsDone, WorkSettled, WorkTaken
from services.handoffs.operations import announcing
from services.handoffs.operations.hold import require_held
from services.handoffs.store import ledger
from services.handoffs.table import ROWS
from shared import audit, idempotency
from shared.requests.handoffs import HandoffNow

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.handoffs import OfHandoff


async def accept(ground: Ground, call: Call, ask: OfHandoff) -> HandoffNow:
    """Take the work, or raise WorkTaken, which tells the team that has it; taking it twice is taking it once.

    A claim that guards a write belongs to the service that writes, and reaches the ledger as an event.
    """
    async with ground.db.transaction() as tx:
        held = require_held(await ledger.lock(tx, ask.handoff), call)
        if not held.open:
            raise WorkSettled
        if held.accepted_by not in {None, call.person.id}:
            raise WorkTaken(owner=held.owner)
        if ROWS[held.name].accepts and held.accepted_by is None:
            raise TakenWhereItIsDone
        if held.accepted_by is None:
            await ledger.accept(tx, held.id, held.number, call.person.id, call.now)
            await announcing.accepted(tx, held, call.person.id, call.now)
        await audit.record(tx, call, "write", patient=held.patient, object=held.id, erased_too=held.about_erasure)
        done = HandoffNow(handoff=held.id, owner=held.owner, state=held.state)
        await idempotency.keep(tx, call, done)
    return done
