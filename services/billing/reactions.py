"""What billing does about others' events: lock what was booked, charge what took place, give up what did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baton_events.booking import AppointmentBooked, AppointmentCancelled
from baton_events.codes import CancelReason, VoidReason
from baton_events.messaging import ConsultDeclined, ConsultWithdrawn, PlanGiven
from baton_events.visits import VisitEnded
from services.billing.operations.appointment import Priced, ask_for_price, lock_price, price_now
from services.billing.operations.particulars import seen_by
from services.billing.operations.settle import settle
from services.billing.store import quotes as store
from shared import audit
from shared.app import Reaction
from shared.erasing import erasing
from shared.sealing import PatientErased, refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.billing.model.bill import Seen
    from shared.app import Ground, Received
    from shared.database import Tx

BY = "service:billing"


async def ask(ground: Ground, got: Received[AppointmentBooked]) -> Priced | None:
    """The price booked, and the names for its receipt; nothing for a patient erased meanwhile."""
    if got.event.quote is None:
        return None
    try:
        return await ask_for_price(ground, got.event.patient, got.event.appointment, got.id)
    except PatientErased:
        return None


async def booked(ground: Ground, tx: Tx, got: Received[AppointmentBooked], priced: Priced | None) -> None:
    """Lock the price at which the time was booked."""
    if priced is None or got.event.quote is None or await _erased(tx, got.event.patient):
        return
    await lock_price(tx, priced, got.event.quote, ground.practice, got.time, ground.clock(), BY)
    await _on_record(ground, tx, got, got.event.quote)


async def ask_who(ground: Ground, got: Received[VisitEnded] | Received[PlanGiven]) -> Seen | None:
    """Who saw the patient, where it was somebody else than the price was locked with."""
    event = got.event
    case = event.appointment if isinstance(event, VisitEnded) else event.consult
    try:
        return await seen_by(ground, patient=event.patient, case=case, clinician=event.clinician, cause=got.id)
    except PatientErased:
        return None


async def ask_who_and_for_how_much(ground: Ground, got: Received[VisitEnded]) -> tuple[Seen | None, int | None]:
    """Who saw the patient, likewise, and the price since the appointment last moved."""
    return await ask_who(ground, got), await price_now(ground, got.event.appointment, got.id)


async def visit_ended(ground: Ground, tx: Tx, got: Received[VisitEnded], asked: tuple[Seen | None, int | None]) -> None:
    """Charge the visit."""
    await _served(ground, tx, got, got.event.appointment, *asked)


async def plan_given(ground: Ground, tx: Tx, got: Received[PlanGiven], seen: Seen | None) -> None:
    """Charge the consult with the first version of its plan; later versions cost nothing."""
    if got.event.version == 1:
        await _served(ground, tx, got, got.event.consult, seen)


async def declined(ground: Ground, tx: Tx, got: Received[ConsultDeclined], _: None) -> None:
    """The patient is treated elsewhere: nothing is charged."""
    await _given_up(ground, tx, got, got.event.consult, VoidReason.ROUTED_ELSEWHERE)


async def withdrawn(ground: Ground, tx: Tx, got: Received[ConsultWithdrawn], _: None) -> None:
    """The patient took the consult back: nothing is charged."""
    await _given_up(ground, tx, got, got.event.consult, VoidReason.CANCELLED)


async def cancelled(ground: Ground, tx: Tx, got: Received[AppointmentCancelled], _: None) -> None:
    """The time was given back: nothing is charged."""
    mistaken = got.event.reason is CancelReason.ERROR
    await _given_up(ground, tx, got, got.event.appointment, VoidReason.ERROR if mistaken else VoidReason.CANCELLED)


async def _served(
    ground: Ground, tx: Tx, got: Received[Any], care_case: UUID, seen: Seen | None, price: int | None = None
) -> None:
    if not await _erased(tx, got.event.patient):
        case = await store.hear(tx, care_case, got.event.patient, served_at=got.time)
        await settle(tx, case, ground.clock(), BY, seen, price)
        await _on_record(ground, tx, got, care_case)


async def _given_up(ground: Ground, tx: Tx, got: Received[Any], care_case: UUID, reason: VoidReason) -> None:
    if not await _erased(tx, got.event.patient):
        case = await store.hear(tx, care_case, got.event.patient, given_up_at=got.time, given_up_for=reason)
        await settle(tx, case, ground.clock(), BY)
        await _on_record(ground, tx, got, care_case)


async def _erased(tx: Tx, patient: UUID) -> bool:
    """Whether nothing more may be written of the patient."""
    try:
        await refuse_erased(tx, patient)
    except PatientErased:
        return True
    return False


async def _on_record(ground: Ground, tx: Tx, got: Received[Any], object_: UUID) -> None:
    await audit.record_reaction(
        tx,
        "billing",
        got.id,
        ground.clock(),
        "write",
        got.event.kind.name,
        patient=got.event.patient,
        object=object_,
    )


REACTIONS = (
    Reaction(AppointmentBooked, booked, prepare=ask),
    Reaction(VisitEnded, visit_ended, prepare=ask_who_and_for_how_much),
    Reaction(PlanGiven, plan_given, prepare=ask_who),
    Reaction(ConsultDeclined, declined),
    Reaction(ConsultWithdrawn, withdrawn),
    Reaction(AppointmentCancelled, cancelled),
    erasing(),
)
