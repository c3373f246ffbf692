"""The patient is here, or here no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import VisitKind
from baton_events.visits import VisitCheckedIn, VisitLeft
from services.visits.model import times
from services.visits.model.refusals import AppointmentGivenBack
from services.visits.model.visit import require_check_in, require_leave
from services.visits.operations.access import locked, require_patient, visit_of
from services.visits.operations.prepare import plan, prepare
from services.visits.store import visits
from shared import audit, idempotency
from shared.errors import NotFound
from shared.outbox.add import announce
from shared.requests.visits import OfVisit, VisitState, VisitStatus
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.visits.model.visit import VisitRow
    from services.visits.operations.prepare import Prepared
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.visits import CheckIn


async def check_in(ground: Ground, call: Call, ask: CheckIn) -> VisitState:
    """Open the handoff to a room; who has checked in already is told so, and nothing happens twice.

    By video they may say where they are now, also again: to begin, the clinician is licensed there.

    The appointment may be so fresh that its event has not arrived: then the visit is planned here.
    """
    async with ground.db.transaction() as tx:
        known = await visits.of_appointment(tx, ask.appointment)
        if known is not None:
            await refuse_erased(tx, known.patient)
    prepared = None if known else await _prepared(ground, ask.appointment)
    patient = known.patient if known else prepared.facts.patient if prepared else None
    assert patient is not None
    await require_patient(ground, call, patient)
    async with ground.db.transaction() as tx:
        visit = await _planned(ground, tx, ask.appointment, prepared, call)
        require_check_in(visit, call.now)
        if visit.status is not VisitStatus.ARRIVED:
            await visits.check_in(tx, visit.id, call.now)
            await announce(tx, _checked_in(visit, call), call.now)
        if ask.state is not None:
            await visits.say_where(tx, visit.id, ask.state)
        await audit.record(tx, call, "write", patient=patient, object=visit.id)
        done = VisitState(visit=visit.id, appointment=visit.appointment, status=VisitStatus.ARRIVED)
        await idempotency.keep(tx, call, done)
    return done


async def _prepared(ground: Ground, appointment: UUID) -> Prepared:
    """What is needed to plan the visit; an appointment that is not there looks like one of another patient."""
    try:
        return await prepare(ground, appointment, None)
    except NotFound:
        raise NotFound from None


async def _planned(ground: Ground, tx: Tx, appointment: UUID, prepared: Prepared | None, call: Call) -> VisitRow:
    if prepared is None:
        visit = await visits.lock_of_appointment(tx, appointment)
    else:
        visit = await plan(ground, tx, prepared, call.now)
    if visit is None:
        raise AppointmentGivenBack
    return visit


def _checked_in(visit: VisitRow, call: Call) -> VisitCheckedIn:
    return VisitCheckedIn(
        visit=visit.id,
        appointment=visit.appointment,
        patient=visit.patient,
        office=visit.office,
        room_owner=_room_owner(visit),
        room_due=times.room_due(visit.start, call.now),
    )


def _room_owner(visit: VisitRow) -> str:
    """The office's room team; by video nobody but the clinician can let the patient in."""
    return f"clinician:{visit.clinician}" if visit.kind is VisitKind.VIDEO else f"team:room:{visit.office}"


async def leave(ground: Ground, call: Call, ask: OfVisit) -> VisitState:
    """The patient waits no longer; until the visit's time is over they can check in again."""
    patient = (await visit_of(ground, ask.visit)).patient
    await require_patient(ground, call, patient)
    async with ground.db.transaction() as tx:
        visit = await locked(tx, ask.visit)
        require_leave(visit)
        await visits.leave(tx, visit.id)
        await announce(tx, VisitLeft(visit=visit.id, appointment=visit.appointment, patient=patient), call.now)
        await audit.record(tx, call, "write", patient=patient, object=visit.id)
        done = VisitState(visit=visit.id, appointment=visit.appointment, status=VisitStatus.PLANNED)
        await idempotency.keep(tx, call, done)
    return done
