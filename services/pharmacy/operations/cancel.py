"""Cancel a prescription, wherever it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import Resolution
from baton_events.pharmacy import PrescriptionCancelled
from services.pharmacy.model.refusals import NoSuchPrescription, NothingToCancel, PrescriptionEnded
from services.pharmacy.model.states import ON_ITS_WAY
from services.pharmacy.operations.route import TRANSMIT, take_back
from services.pharmacy.store import prescriptions, problems
from shared import audit, idempotency
from shared.deadlines import cancel_deadlines
from shared.identity.access import may_open
from shared.outbox import announce
from shared.requests.directory import Ground
from shared.requests.pharmacy import FillStatus, PrescriptionState, PrescriptionStatus
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.pharmacy.operations.ground import PharmacyGround
    from services.pharmacy.store.prescriptions import Standing
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.pharmacy import OfPrescription
    from shared.sealing import GroupKeys


async def cancel(ground: PharmacyGround, call: Call, ask: OfPrescription) -> PrescriptionState:
    """End the prescription and take back what is on its way; for its prescriber, or a clinician who treats the patient.

    Raises NoSuchPrescription, PrescriptionEnded, NothingToCancel.
    """
    patient = await _allowed(ground, call, ask.prescription)
    keys = await ground.sealing.keys(patient, patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        standing = await prescriptions.lock(tx, ask.prescription)
        assert standing is not None, "prescriptions are never removed"
        _check(standing)
        await prescriptions.set_status(tx, ask.prescription, PrescriptionStatus.CANCELLED)
        await _end(tx, ground, keys, standing, call)
        await audit.record(tx, call, "write", patient=patient, object=ask.prescription)
        done = PrescriptionState(prescription=ask.prescription, status=PrescriptionStatus.CANCELLED)
        await idempotency.keep(tx, call, done)
    return done


async def _allowed(ground: PharmacyGround, call: Call, prescription: UUID) -> UUID:
    """The patient, for the prescriber by our own row and for whoever treats the patient by directory's answer."""
    async with ground.db.transaction() as tx:
        owners = await prescriptions.owners(tx, prescription)
    if owners is None:
        raise NoSuchPrescription
    patient, prescriber = owners
    if call.person.id != prescriber and await may_open(ground, call, patient) is not Ground.TREATMENT:
        raise NoSuchPrescription
    return patient


def _check(standing: Standing) -> None:
    if standing.prescription.status is PrescriptionStatus.CANCELLED:
        raise PrescriptionEnded
    if standing.prescription.status is PrescriptionStatus.COMPLETED:
        raise NothingToCancel


async def _end(tx: Tx, ground: PharmacyGround, keys: GroupKeys, standing: Standing, call: Call) -> None:
    prescription, routing = standing.prescription, standing.routing
    under_way = routing.status in ON_ITS_WAY
    problem = await problems.open_problem(tx, prescription.id)
    if problem is not None:
        await problems.resolve(tx, problem.id, Resolution.CANCELLED, call.now)
    event = PrescriptionCancelled(
        prescription=prescription.id,
        patient=prescription.patient,
        routing=routing.id if under_way else None,
        problem=problem.id if problem is not None else None,
    )
    cause = await announce(tx, event, call.now)
    if under_way:
        await prescriptions.set_fill(tx, routing.id, FillStatus.CANCELLED, call.now)
        await cancel_deadlines(tx, TRANSMIT, routing.id, call.now)
        await take_back(tx, ground, keys, prescription, routing, cause, call.now)
