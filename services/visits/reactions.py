"""What visits does about appointments: plan the visit, move it, take it off the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baton_events.booking import AppointmentBooked, AppointmentCancelled, AppointmentRescheduled
from services.visits.operations.follow import cancel, reschedule
from services.visits.operations.prepare import Prepared, plan, prepare
from shared import audit
from shared.app import Reaction
from shared.sealing import PatientErased

if TYPE_CHECKING:
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


async def rescheduled(ground: Ground, tx: Tx, received: Received[AppointmentRescheduled], _: None) -> None:
    """Move the visit that has not begun."""
    moved = await reschedule(ground, tx, received.event, received.sequence, ground.clock())
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


REACTIONS = (
    Reaction(AppointmentBooked, booked, prepare=ask_for),
    Reaction(AppointmentRescheduled, rescheduled),
    Reaction(AppointmentCancelled, cancelled),
)
