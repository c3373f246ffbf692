"""What directory does about others' events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baton_events.booking import AppointmentBooked, AppointmentCancelled, AppointmentRescheduled
from baton_events.codes import RelationshipSource
from baton_events.common import ERASURE_CONFIRMED, ErasureConfirmed
from baton_events.messaging import ConsultRequested, ThreadClaimed, ThreadHandedOver
from baton_events.visits import VisitStarted
from services.directory.model.erasure import KEEPERS
from services.directory.operations import erasures
from services.directory.operations.begin import confirm, see
from services.directory.operations.end import end
from shared import audit
from shared.app import Reaction
from shared.erasing import erasing

if TYPE_CHECKING:
    from uuid import UUID

    from shared.app import Ground, Received
    from shared.database import Tx


async def appointment_booked(ground: Ground, tx: Tx, got: Received[AppointmentBooked], _: None) -> None:
    """The booked clinician treats the patient from now on, also when the registration was never seen or has lapsed."""
    await _treats(ground, tx, got, got.event.relationship, got.event.clinician, RelationshipSource.BOOKING)


async def appointment_rescheduled(ground: Ground, tx: Tx, got: Received[AppointmentRescheduled], _: None) -> None:
    """The clinician it was moved to treats the patient from now on, likewise, and who it was moved from no more."""
    if got.event.relationship is not None:
        await _treats(ground, tx, got, got.event.relationship, got.event.clinician, RelationshipSource.BOOKING)
    await _treats_no_more(ground, tx, got, got.event.former)


async def appointment_cancelled(ground: Ground, tx: Tx, got: Received[AppointmentCancelled], _: None) -> None:
    """Who was to see the patient treats them no more, unless by another relationship."""
    await _treats_no_more(ground, tx, got, got.event.relationship)


async def consult_requested(ground: Ground, tx: Tx, got: Received[ConsultRequested], _: None) -> None:
    """The chosen clinician treats the patient from now on, likewise."""
    if got.event.relationship is not None:
        await _treats(ground, tx, got, got.event.relationship, got.event.clinician, RelationshipSource.CONSULT)


async def thread_claimed(ground: Ground, tx: Tx, got: Received[ThreadClaimed], _: None) -> None:
    """Whoever takes a consult over treats the patient from now on."""
    if got.event.relationship is not None:
        await _treats(ground, tx, got, got.event.relationship, got.event.claimed_by, RelationshipSource.CONSULT)


async def thread_handed_over(ground: Ground, tx: Tx, got: Received[ThreadHandedOver], _: None) -> None:
    """Whoever is given a consult treats the patient from now on."""
    over = got.event
    if over.relationship is not None and over.assigned is not None:
        await _treats(ground, tx, got, over.relationship, over.assigned, RelationshipSource.CONSULT)


async def _treats(
    ground: Ground, tx: Tx, got: Received[Any], relationship: UUID, clinician: UUID, source: RelationshipSource
) -> None:
    patient, now = got.event.patient, ground.clock()
    if await confirm(tx, relationship, patient, clinician, source, now):
        await audit.record_reaction(
            tx, "directory", got.id, now, "write", got.event.kind.name, patient=patient, object=relationship
        )


async def visit_started(ground: Ground, tx: Tx, got: Received[VisitStarted], _: None) -> None:
    """Who is with the patient treats them, whatever else is heard of the appointment before or after."""
    visit, now = got.event, ground.clock()
    if await see(tx, visit.visit, visit.patient, visit.clinician, now):
        await audit.record_reaction(
            tx, "directory", got.id, now, "write", visit.kind.name, patient=visit.patient, object=visit.visit
        )


async def _treats_no_more(ground: Ground, tx: Tx, got: Received[Any], relationship: UUID | None) -> None:
    patient, now = got.event.patient, ground.clock()
    if relationship is not None and await end(tx, relationship, patient, now):
        await audit.record_reaction(
            tx, "directory", got.id, now, "write", got.event.kind.name, patient=patient, object=relationship
        )


async def erasure_confirmed(ground: Ground, tx: Tx, got: Received[ErasureConfirmed], _: None) -> None:
    """One service less to wait for."""
    await erasures.confirm(tx, got.event.erasure, got.event.patient, got.event.service, ground.clock())


REACTIONS = (
    Reaction(AppointmentBooked, appointment_booked),
    Reaction(AppointmentRescheduled, appointment_rescheduled),
    Reaction(AppointmentCancelled, appointment_cancelled),
    Reaction(VisitStarted, visit_started),
    Reaction(ConsultRequested, consult_requested),
    Reaction(ThreadClaimed, thread_claimed),
    Reaction(ThreadHandedOver, thread_handed_over),
    erasing(erasures.blank),
    *(Reaction(ERASURE_CONFIRMED[service], erasure_confirmed) for service in sorted(KEEPERS)),
)
