"""Send a prescription to a pharmacy, and take back what was sent: routing, deadline, event and message together."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from baton_events.codes import RouteReason
from baton_events.pharmacy import PrescriptionRouted
from services.pharmacy.model import order
from services.pharmacy.model.content import Content
from services.pharmacy.model.states import TRANSMIT_WITHIN, Routing
from services.pharmacy.store import deliveries, prescriptions
from services.pharmacy.store.deliveries import Delivery
from shared.deadlines import set_deadline
from shared.outbox import announce
from shared.requests.pharmacy import FillStatus
from shared.sealing import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from services.pharmacy.model.states import Prescription
    from services.pharmacy.operations.ground import PharmacyGround
    from shared.database import Tx
    from shared.practice.model import PharmacyPartner
    from shared.sealing import GroupKeys

TRANSMIT = "transmit"
"""The deadline by which a pharmacy must have answered."""


def content_of(keys: GroupKeys, prescription: Prescription) -> Content:
    """What was signed."""
    plain = keys.open(
        prescription.sealed, kind=Kind.PRESCRIPTION, object=prescription.id, author=prescription.prescriber
    )
    return Content.decoded(plain)


async def route(
    tx: Tx,
    ground: PharmacyGround,
    keys: GroupKeys,
    prescription: Prescription,
    routing: Routing,
    pharmacy: PharmacyPartner,
    now: datetime,
) -> None:
    """Announce the routing and have its order sent; the pharmacy must answer within five minutes."""
    due = now + TRANSMIT_WITHIN
    await prescriptions.add_routing(tx, routing, now)
    await set_deadline(tx, TRANSMIT, routing.id, due)
    event = PrescriptionRouted(
        prescription=prescription.id,
        routing=routing.id,
        patient=prescription.patient,
        pharmacy=pharmacy.id,
        reason=routing.reason,
        transmit_due=due,
    )
    cause = await announce(tx, event, now)
    delivery = uuid4()
    body = order.order(prescription, content_of(keys, prescription), routing.id, pharmacy, delivery, now)
    sealed = keys.seal(body, kind=Kind.DELIVERY, object=delivery, author=prescription.prescriber)
    await deliveries.add(tx, _delivery(delivery, routing, "order", cause, sealed), now, now)
    tx.after_commit(ground.posting.set)


def next_routing(
    prescription: Prescription, pharmacy: UUID, reason: RouteReason, routing: UUID | None = None
) -> Routing:
    """The routing after the prescription's last one."""
    return Routing(
        id=routing or uuid4(),
        prescription=prescription.id,
        generation=prescription.generation + 1,
        pharmacy=pharmacy,
        reason=reason,
        status=FillStatus.SENT,
    )


async def take_back(
    tx: Tx,
    ground: PharmacyGround,
    keys: GroupKeys,
    prescription: Prescription,
    routing: Routing,
    cause: UUID,
    now: datetime,
    *,
    tell: bool = True,
) -> None:
    """Have nothing more sent about the routing; with `tell`, tell a pharmacy that may have the order not to fill it.

    The telling waits until no sending of the order can still be under way, so that it does not overtake it.
    """
    await deliveries.drop(tx, routing.id, now)
    tried, busy_until = await deliveries.held(tx, routing.id)
    if not (tell and tried):
        return
    delivery = uuid4()
    body = order.cancellation(prescription, content_of(keys, prescription), routing.id, delivery, now)
    sealed = keys.seal(body, kind=Kind.DELIVERY, object=delivery, author=prescription.prescriber)
    await deliveries.add(tx, _delivery(delivery, routing, "cancel", cause, sealed), now, max(now, busy_until or now))
    tx.after_commit(ground.posting.set)


def _delivery(delivery: UUID, routing: Routing, message: deliveries.Message, cause: UUID, sealed: bytes) -> Delivery:
    return Delivery(
        id=delivery,
        prescription=routing.prescription,
        routing=routing.id,
        pharmacy=routing.pharmacy,
        message=message,
        cause=cause,
        sealed=sealed,
    )
