"""What is on record as done for a patient, against the practice's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from services.visits.model.due import due
from services.visits.operations.show import details_of
from services.visits.store import orders, visits

if TYPE_CHECKING:
    from datetime import date, datetime

    from services.visits.model.visit import OrderRow
    from shared.database import Tx
    from shared.practice import Practice
    from shared.practice.model import DueRule
    from shared.requests.directory import PatientCard
    from shared.sealing import GroupKeys


async def due_now(
    tx: Tx, practice: Practice, card: PatientCard, keys: GroupKeys, now: datetime
) -> tuple[list[tuple[DueRule, date | None]], int]:
    """The rules that ask for something today where the patient lives, with the day it was last done here.

    Also how many entries of the record were looked at.
    """
    completed = await orders.completed(tx, card.patient)
    zone = ZoneInfo(card.time_zone)
    done: dict[str | None, date] = {
        details_of(order, keys).code: _day(order, zone) for order in completed if order.settled_at
    }
    last_visit = await visits.last_ended(tx, card.patient)
    if last_visit is not None:
        done[None] = last_visit.astimezone(zone).date()
    today = now.astimezone(zone).date()
    return list(due(practice.due_rules, born=card.birth_date, today=today, done=done)), len(completed)


def _day(order: OrderRow, zone: ZoneInfo) -> date:
    assert order.settled_at is not None
    return order.settled_at.astimezone(zone).date()
