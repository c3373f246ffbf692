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
    from datetime import date, datetime

    from services.visits.store.gaps import GapRow
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx
    from shared.practice.model import DueRule
    from shared.requests.common import OfPatient
    from shared.requests.directory import PatientCard
    from shared.sealing import GroupKeys


async def due(ground: Ground, call: Call, ask: OfPatient) -> Due:
    """What the rules ask for today, where the patient lives, with the day it was last done here."""
    await require_open(ground, call, ask.patient)
    card = await ground.bus.call_as_self(PATIENT, ask, cause=None)
    keys = await ground.sealing.keys(ask.patient, ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        found, looked_at = await due_items(ground, tx, card, keys, call.now)
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{looked_at} completed orders")
    return Due(due=found)


async def due_items(
    ground: Ground, tx: Tx, card: PatientCard, keys: GroupKeys, now: datetime
) -> tuple[list[DueItem], int]:
    """What is due for the patient, and at how many entries of the record was looked."""
    found, looked_at = await due_now(tx, ground.practice, card, keys, now)
    live = {code_of(ground, gap, keys): gap for gap in await gaps.live(tx, card.patient, now)}
    return [_item(rule, last, live.get(rule.code)) for rule, last in found], looked_at


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
