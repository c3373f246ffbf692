"""What visits does about appointments: plan the visit, move it, take it off the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baton_events.booking import AppointmentBooked, AppointmentCancelled, AppointmentRescheduled, VideoConnected
from baton_events.codes import VisitKind
from baton_events.directory import RelationshipStarted
from services.visits.operations.follow import cancel, reschedule
from services.visits.operations.prepare import Prepared, plan, prepare
from services.visits.operations.start import connect
from services.visits.store import gaps
from services.visits.store.erasures import end_all
from shared import audit
from shared.app import Reaction
from shared.erasing import erasing
from shared.errors import NotFound
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.sealing import PatientErased

if TYPE_CHECKING:
    from datetime import datetime

    from baton_events.directory import ErasureApproved
    from services.visits.model.visit import VisitRow
    from shared.app import Ground, Received
    from shared.database import Tx


async def ask_for(ground: Ground, received: Received[AppointmentBooked]) -> Prepared | None:
    """The appointment's facts and the patient's keys; nothing for a patient erased meanwhile."""
    try:
        return await prepare(ground, received.event.appointment, received.id)
    except PatientErased:
        return None


async def booked(ground: Ground, tx: Tx, received: Received[AppointmentBooked], prepared: Prepared | None) -> None:
    """Plan the visit and send its guidance."""
    if prepared is not None:
        await _on_record(ground, tx, received, await plan(ground, tx, prepared, ground.clock()))


async def ask_for_call(ground: Ground, received: Received[VideoConnected]) -> Prepared | None:
    """What `ask_for` gives, for the visit that a call is."""
    appointment = received.event.appointment
    if appointment is None:
        return None
    try:
        return await prepare(ground, appointment, received.id)
    except PatientErased:
        return None


async def connected(ground: Ground, tx: Tx, received: Received[VideoConnected], prepared: Prepared | None) -> None:
    """The visit on call has begun, planned here if its booking was not heard of yet."""
    if prepared is not None:
        visit = await plan(ground, tx, prepared, ground.clock())
        if visit is not None and await connect(tx, visit, received.time):
            await _on_record(ground, tx, received, visit)


async def ask_where(ground: Ground, received: Received[AppointmentRescheduled]) -> str | None:
    """The zone in which the patient is at home, where the visit is by video from now on."""
    event = received.event
    if event.visit_kind is not VisitKind.VIDEO:
        return None
    try:
        card = await ground.bus.call_as_self(PATIENT, OfPatient(patient=event.patient), cause=received.id)
    except NotFound:
        return None
    return card.time_zone


async def rescheduled(ground: Ground, tx: Tx, received: Received[AppointmentRescheduled], home: str | None) -> None:
    """Move the visit that has not begun."""
    moved = await reschedule(ground, tx, received.event, received.sequence, ground.clock(), home)
    await _on_record(ground, tx, received, moved)


async def cancelled(ground: Ground, tx: Tx, received: Received[AppointmentCancelled], _: None) -> None:
    """Take the visit off the list, also when it is not on it yet."""
    await _on_record(ground, tx, received, await cancel(tx, received.event, received.time))


async def _on_record(ground: Ground, tx: Tx, received: Received[Any], visit: VisitRow | None) -> None:
    if visit is not None:
        await audit.record_reaction(
            tx,
            "visits",
            received.id,
            ground.clock(),
            "write",
            received.event.kind.name,
            patient=visit.patient,
            object=visit.id,
        )


async def treated(ground: Ground, tx: Tx, received: Received[RelationshipStarted], _: None) -> None:
    """Look from now on whether something is due for the patient."""
    await gaps.watch(tx, received.event.patient, ground.clock())


async def erased(tx: Tx, got: Received[ErasureApproved], now: datetime) -> None:
    """Wait for the patient no longer."""
    await end_all(tx, got.event.patient, now)


REACTIONS = (
    Reaction(RelationshipStarted, treated),
    Reaction(AppointmentBooked, booked, prepare=ask_for),
    Reaction(VideoConnected, connected, prepare=ask_for_call),
    Reaction(AppointmentRescheduled, rescheduled, prepare=ask_where),
    Reaction(AppointmentCancelled, cancelled),
    erasing(erased),
)
