"""What a clinician asks the lab team for, and takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from baton_events.visits import OrderCancelled, OrderPlaced
from services.visits.model import times
from services.visits.model.refusals import OrderUnknown
from services.visits.model.visit import OrderDetails, OrderRow, require_open, require_under_way
from services.visits.operations.access import locked, require_own, visit_of
from services.visits.store import orders
from shared import audit, idempotency
from shared.errors import NotFound
from shared.outbox.add import announce
from shared.requests.visits import OfOrder, OrderState, OrderStatus, PlaceOrder
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from services.visits.model.visit import VisitRow
    from shared.app import Ground
    from shared.call import Call
    from shared.sealing import GroupKeys


async def place_order(ground: Ground, call: Call, ask: PlaceOrder) -> OrderState:
    """Put an order on the list of the office's lab team while the visit is under way."""
    patient = require_own(await visit_of(ground, ask.visit), call).patient
    if ask.code not in ground.practice.orderables:
        raise OrderUnknown(field="code")
    keys = await ground.sealing.keys(patient, patient)
    async with ground.db.transaction() as tx:
        visit = require_own(await locked(tx, ask.visit), call)
        require_under_way(visit)
        order = _order(visit, call, ask, keys)
        await orders.add(tx, order)
        await announce(
            tx,
            OrderPlaced(
                order=order.id,
                visit=visit.id,
                patient=patient,
                clinician=visit.clinician,
                order_owner=f"team:lab:{visit.office}",
                order_due=order.due,
            ),
            call.now,
        )
        await audit.record(tx, call, "write", patient=patient, object=order.id)
        done = OrderState(order=order.id, visit=visit.id, status=order.status)
        await idempotency.keep(tx, call, done)
    return done


def _order(visit: VisitRow, call: Call, ask: PlaceOrder, keys: GroupKeys) -> OrderRow:
    order = uuid4()
    details = msgspec.json.encode(OrderDetails(code=ask.code, note=ask.note))
    return OrderRow(
        id=order,
        visit=visit.id,
        patient=visit.patient,
        office=visit.office,
        clinician=visit.clinician,
        status=OrderStatus.REQUESTED,
        details=keys.seal(details, kind=Kind.ORDER, object=order, author=visit.clinician),
        placed_at=call.now,
        due=call.now + times.ORDER_WITHIN,
        accepted_by=None,
        settled_by=None,
        settled_at=None,
        outcome=None,
    )


async def cancel_order(ground: Ground, call: Call, ask: OfOrder) -> OrderState:
    """Take back an order that is not done yet; only who placed it can."""
    async with ground.db.transaction() as tx:
        order = await orders.lock(tx, ask.order)
        if order is None or order.clinician != call.person.id:
            raise NotFound
        await refuse_erased(tx, order.patient)
        require_open(order)
        await orders.settle(tx, order.id, OrderStatus.CANCELLED, call.person.id, call.now)
        await announce(tx, OrderCancelled(order=order.id, visit=order.visit, patient=order.patient), call.now)
        await audit.record(tx, call, "write", patient=order.patient, object=order.id)
        done = OrderState(order=order.id, visit=order.visit, status=OrderStatus.CANCELLED)
        await idempotency.keep(tx, call, done)
    return done
