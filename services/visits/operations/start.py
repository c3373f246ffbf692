"""The clinician is with the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import VisitKind
from baton_events.visits import VisitStarted
from services.visits.model.refusals import LicenceMissing
from services.visits.model.visit import require_start
from services.visits.operations.access import locked, require_own, visit_of
from services.visits.store import visits
from shared import audit, idempotency
from shared.errors import Unavailable
from shared.outbox.add import announce
from shared.requests.booking import APPOINTMENT_FACTS, OfAppointment
from shared.requests.directory import CLINICIANS, FindClinicians
from shared.requests.visits import OfVisit, VisitState, VisitStatus

if TYPE_CHECKING:
    from datetime import datetime

    from services.visits.model.visit import VisitRow
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx


async def start(ground: Ground, call: Call, ask: OfVisit) -> VisitState:
    """Begin the visit of a patient who has checked in, or raise LicenceMissing; closes the handoff to a room.

    Raises Unavailable where the place for which a licence was looked for changed meanwhile.
    """
    known = require_own(await visit_of(ground, ask.visit), call)
    require_start(known)
    await _require_licence(ground, call, known)
    async with ground.db.transaction() as tx:
        visit = require_own(await locked(tx, ask.visit), call)
        require_start(visit)
        if (visit.kind, visit.office, visit.state) != (known.kind, known.office, known.state):
            raise Unavailable(retry_after=1)
        await visits.start(tx, visit.id, call.now)
        await announce(tx, _started(visit), call.now)
        await audit.record(tx, call, "write", patient=visit.patient, object=visit.id)
        done = VisitState(visit=visit.id, appointment=visit.appointment, status=VisitStatus.IN_PROGRESS)
        await idempotency.keep(tx, call, done)
    return done


async def connect(tx: Tx, visit: VisitRow, now: datetime) -> bool:
    """Clinician and patient are on a call: the visit is under way, without a room to be led to; False if it was."""
    if visit.status not in {VisitStatus.PLANNED, VisitStatus.ARRIVED}:
        return False
    if visit.status is VisitStatus.PLANNED:
        await visits.check_in(tx, visit.id, now)
    await visits.start(tx, visit.id, now)
    await announce(tx, _started(visit), now)
    return True


def _started(visit: VisitRow) -> VisitStarted:
    return VisitStarted(visit=visit.id, appointment=visit.appointment, patient=visit.patient, clinician=visit.clinician)


async def _require_licence(ground: Ground, call: Call, visit: VisitRow) -> None:
    """Licensed where the patient is now: in the office's state, by video where they said, or else in their own."""
    state = await _state(ground, visit)
    if state is not None:
        ask = FindClinicians(clinician=visit.clinician, state=state, at=call.now)
    else:
        ask = FindClinicians(clinician=visit.clinician, patient=visit.patient, at=call.now)
    if not (await ground.bus.call_as_self(CLINICIANS, ask, cause=None)).clinicians:
        raise LicenceMissing


async def _state(ground: Ground, visit: VisitRow) -> str | None:
    """The office's, or by video what the patient said last: at check-in, or when they booked or moved it.

    None where they are at home.
    """
    if visit.kind is VisitKind.OFFICE:
        return ground.practice.offices[visit.office].state
    if visit.state is not None:
        return visit.state
    ask = OfAppointment(appointment=visit.appointment)
    return (await ground.bus.call_as_self(APPOINTMENT_FACTS, ask, cause=None)).state
