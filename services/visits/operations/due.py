"""What is due for a patient: the practice's rules against what is on record as done."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from services.visits.model.due import due as due_today
from services.visits.operations.show import details_of
from services.visits.store import orders
from shared import audit
from shared.identity.access import require_open
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.requests.visits import Due, DueItem
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call


async def due(ground: Ground, call: Call, ask: OfPatient) -> Due:
    """What the rules ask for today, where the patient lives, with the day it was last done here."""
    await require_open(ground, call, ask.patient)
    card = await ground.bus.call_as_self(PATIENT, ask, cause=None)
    keys = await ground.sealing.keys(ask.patient, ask.patient)
    zone = ZoneInfo(card.time_zone)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        completed = await orders.completed(tx, ask.patient)
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(completed)} completed orders")
    done = {
        details_of(order, keys).code: order.settled_at.astimezone(zone).date()
        for order in completed
        if order.settled_at
    }
    today = call.now.astimezone(zone).date()
    found = due_today(ground.practice.due_rules, born=card.birth_date, today=today, done=done)
    return Due(
        due=[
            DueItem(code=rule.code, name=rule.name, why=rule.why, source=rule.source, last_done=last)
            for rule, last in found
        ],
    )
