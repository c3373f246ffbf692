"""What a lab tech does with an order: take it, complete it, or say why it cannot be done."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from baton_events.visits import OrderAccepted, OrderCompleted, OrderDeclined
from services.visits.model.refusals import LotMissing, OrderNotAccepted
from services.visits.model.visit import OrderOutcome, require_free, require_mine
from services.visits.operations.access import order_of, require_in_lab
from services.visits.operations.show import details_of
from services.visits.store import gaps, orders
from shared import audit, idempotency
from shared.outbox.add import announce
from shared.requests.visits import CompleteOrder, DeclineOrder, OfOrder, OrderState, OrderStatus
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from baton_events import Event
    from services.visits.model.visit import OrderRow
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx
    from shared.sealing import GroupKeys


async def accept_order(ground: Ground, call: Call, ask: OfOrder) -> OrderState:
    """Take the order, or raise OrderTaken; taking it twice is taking it once. What is overdue a colleague may take."""
    async with ground.db.transaction() as tx:
        order = require_in_lab(await orders.lock(tx, ask.order), call)
        await refuse_erased(tx, order.patient)
        require_free(order, call.person.id, call.now)
        if order.accepted_by != call.person.id:
            await orders.accept(tx, order.id, call.person.id)
            accepted = OrderAccepted(
                order=order.id, visit=order.visit, patient=order.patient, accepted_by=call.person.id
            )
            await announce(tx, accepted, call.now)
        return await _done(tx, call, order, OrderStatus.ACCEPTED)


async def complete_order(ground: Ground, call: Call, ask: CompleteOrder) -> OrderState:
    """Put on record that it is done, with the lot number where there is one; only who accepted it can."""
    keys = await _keys(ground, call, ask.order)
    async with ground.db.transaction() as tx:
        order = require_in_lab(await orders.lock(tx, ask.order), call)
        require_mine(order, call.person.id)
        if order.status is OrderStatus.REQUESTED:
            raise OrderNotAccepted
        orderable = ground.practice.orderables.get(details_of(order, keys).code)
        if orderable is not None and orderable.needs_lot and ask.lot is None:
            raise LotMissing(field="lot")
        completed = OrderCompleted(
            order=order.id, visit=order.visit, patient=order.patient, completed_by=call.person.id
        )
        outcome = OrderOutcome(lot=ask.lot, words=ask.note)
        await gaps.watch(tx, order.patient, call.now)
        return await _settle(tx, call, order, OrderStatus.COMPLETED, keys, outcome, completed)


async def decline_order(ground: Ground, call: Call, ask: DeclineOrder) -> OrderState:
    """Put on record why it cannot be done; the clinician sees it on the order."""
    keys = await _keys(ground, call, ask.order)
    async with ground.db.transaction() as tx:
        order = require_in_lab(await orders.lock(tx, ask.order), call)
        require_mine(order, call.person.id)
        declined = OrderDeclined(order=order.id, visit=order.visit, patient=order.patient, declined_by=call.person.id)
        outcome = OrderOutcome(lot=None, words=ask.reason)
        return await _settle(tx, call, order, OrderStatus.REJECTED, keys, outcome, declined)


async def _keys(ground: Ground, call: Call, order: UUID) -> GroupKeys:
    patient = require_in_lab(await order_of(ground, order), call).patient
    return await ground.sealing.keys(patient, patient)


async def _settle(
    tx: Tx, call: Call, order: OrderRow, status: OrderStatus, keys: GroupKeys, outcome: OrderOutcome, event: Event
) -> OrderState:
    person = call.person.id
    words = msgspec.json.encode(outcome)
    sealed = keys.seal(words, kind=Kind.ORDER, object=order.id, author=person, revision=1)
    await orders.settle(tx, order.id, status, person, call.now, sealed)
    await announce(tx, event, call.now)
    return await _done(tx, call, order, status)


async def _done(tx: Tx, call: Call, order: OrderRow, status: OrderStatus) -> OrderState:
    await audit.record(tx, call, "write", patient=order.patient, object=order.id)
    done = OrderState(order=order.id, visit=order.visit, status=status)
    await idempotency.keep(tx, call, done)
    return done
