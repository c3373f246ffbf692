"""Who may act on a visit: the patient's side, its own clinician, the lab team of its office."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from services.visits.store import orders, visits
from shared.errors import NotFound
from shared.identity.access import may_open
from shared.requests.directory import Ground as Reason
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from services.visits.model.visit import OrderRow, VisitRow
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx


async def require_patient(ground: Ground, call: Call, patient: UUID) -> None:
    """Only the patient and their proxies; to everybody else there is nothing here (NotFound)."""
    if await may_open(ground, call, patient) not in {Reason.SELF, Reason.PROXY}:
        raise NotFound


def require_own(visit: VisitRow | None, call: Call) -> VisitRow:
    """The visit, if the caller is its clinician; to everybody else there is nothing here (NotFound)."""
    if visit is None or visit.clinician != call.person.id:
        raise NotFound
    return visit


def require_in_lab(order: OrderRow | None, call: Call) -> OrderRow:
    """The order, if the caller is in its office's lab team; to everybody else there is nothing here (NotFound)."""
    if order is None or order.office not in lab_offices(call):
        raise NotFound
    return order


def lab_offices(call: Call) -> list[UUID]:
    """The offices whose lab team the caller belongs to."""
    named = (team.partition(":") for team in call.person.teams)
    return [UUID(office) for team, _, office in named if team == "lab"]


async def visit_of(ground: Ground, visit: UUID) -> VisitRow:
    """The visit as it stands, to decide who may act on it; raises NotFound."""
    async with ground.db.transaction() as tx:
        found = await visits.one(tx, visit)
        if found is None:
            raise NotFound
        await refuse_erased(tx, found.patient)
    return found


async def order_of(ground: Ground, order: UUID) -> OrderRow | None:
    """The order as it stands, to decide who may act on it."""
    async with ground.db.transaction() as tx:
        found = await orders.one(tx, order)
        if found is not None:
            await refuse_erased(tx, found.patient)
    return found


async def locked(tx: Tx, visit: UUID) -> VisitRow:
    """The visit, locked; it exists, since it was found before and none is ever removed."""
    found = await visits.lock(tx, visit)
    assert found is not None
    return found
