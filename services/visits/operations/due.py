"""What is due for a patient, shown: the practice's rules against what is on record as done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.visits.operations.gaps import code_of
from services.visits.operations.record_of_care import due_now
from services.visits.store import gaps
from shared import audit
from shared.identity.access import require_open
from shared.requests.directory import PATIENT
from shared.requests.visits import Due, DueItem
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from datetime import date

    from services.visits.store.gaps import GapRow
    from shared.app import Ground
    from shared.call import Call
    from shared.practice.model import DueRule
    from shared.requests.common import OfPatient


async def due(ground: Ground, call: Call, ask: OfPatient) -> Due:
    """What the rules ask for today, where the patient lives, with the day it was last done here."""
    await require_open(ground, call, ask.patient)
    card = await ground.bus.call_as_self(PATIENT, ask, cause=None)
    keys = await ground.sealing.keys(ask.patient, ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        found, looked_at = await due_now(tx, ground.practice, card, keys, call.now)
        live = {code_of(ground, gap, keys): gap for gap in await gaps.live(tx, ask.patient, call.now)}
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{looked_at} completed orders")
    return Due(due=[_item(rule, last, live.get(rule.code)) for rule, last in found])


def _item(rule: DueRule, last: date | None, gap: GapRow | None) -> DueItem:
    return DueItem(
        code=rule.code,
        name=rule.name,
        why=rule.why,
        source=rule.source,
        last_done=last,
        gap=gap.id if gap else None,
        snoozed_until=gap.snoozed_until if gap else None,
    )
