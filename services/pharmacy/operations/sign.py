"""Sign a prescription, and send it to the patient's pharmacy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from baton_events.codes import RouteReason
from baton_events.pharmacy import PrescriptionSigned
from services.pharmacy.model.content import Content, prescribable
from services.pharmacy.model.refusals import AuthorityMissing, LicenceMissing, NoPharmacyChosen
from services.pharmacy.model.states import Prescription
from services.pharmacy.operations.route import next_routing, route
from services.pharmacy.store import preferences, prescriptions
from shared import audit, idempotency
from shared.errors import NotFound
from shared.outbox import announce
from shared.requests.common import OfPatient
from shared.requests.directory import CLINICIANS, MAY_PRESCRIBE, PATIENT, AskMayPrescribe, FindClinicians
from shared.requests.pharmacy import PrescriptionRoute, PrescriptionStatus
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from services.pharmacy.operations.ground import PharmacyGround
    from shared.call import Call
    from shared.database import Tx
    from shared.practice.model import MedicationEntry
    from shared.requests.directory import ClinicianCard, PatientCard
    from shared.requests.pharmacy import SignPrescription
    from shared.sealing import GroupKeys

LACKING = {"authority": AuthorityMissing, "licence": LicenceMissing}


async def sign(ground: PharmacyGround, call: Call, ask: SignPrescription) -> PrescriptionRoute:
    """Keep what was signed, and route it to the pharmacy named or else the patient's own.

    Raises MedicationUnknown, ControlledMedication, AuthorityMissing, LicenceMissing, NotFound (no relationship),
    PharmacyUnknown, NoPharmacyChosen.
    """
    medication = prescribable(ground.practice.medications, ask.medication)
    await _may_prescribe(ground, call, ask.patient)
    patient, prescriber = await asyncio.gather(
        ground.bus.call_as_self(PATIENT, OfPatient(patient=ask.patient), cause=None),
        _prescriber(ground, call.person.id),
    )
    keys = await ground.sealing.keys(ask.patient, ask.patient)
    signed = _signed(call, ask, keys, _content(ask, medication, patient, prescriber))
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        pharmacy = ground.partner(ask.pharmacy or await _own_pharmacy(tx, ask.patient))
        routing = next_routing(signed, pharmacy.id, RouteReason.NEW)
        await prescriptions.add(tx, signed, ask.visit)
        event = PrescriptionSigned(prescription=signed.id, patient=signed.patient, prescriber=signed.prescriber)
        await announce(tx, event, call.now)
        await route(tx, ground, keys, signed, routing, pharmacy, call.now)
        await audit.record(tx, call, "write", patient=ask.patient, object=signed.id)
        done = PrescriptionRoute(prescription=signed.id, routing=routing.id, pharmacy=pharmacy.id)
        await idempotency.keep(tx, call, done)
    return done


async def _may_prescribe(ground: PharmacyGround, call: Call, patient: UUID) -> None:
    """Ask directory, on the prescriber's behalf and at this moment."""
    may = await ground.bus.call(MAY_PRESCRIBE, AskMayPrescribe(patient=patient, at=call.now), behalf=call)
    if not may.allowed:
        raise LACKING.get(may.lacking or "", NotFound)


async def _prescriber(ground: PharmacyGround, clinician: UUID) -> ClinicianCard:
    found = await ground.bus.call_as_self(CLINICIANS, FindClinicians(clinician=clinician), cause=None)
    if not found.clinicians:
        raise AuthorityMissing
    return found.clinicians[0]


async def _own_pharmacy(tx: Tx, patient: UUID) -> UUID:
    pharmacy = (await preferences.preference(tx, patient)).pharmacy
    if pharmacy is None:
        raise NoPharmacyChosen
    return pharmacy


def _signed(call: Call, ask: SignPrescription, keys: GroupKeys, content: Content) -> Prescription:
    prescription, prescriber = uuid4(), call.person.id
    return Prescription(
        id=prescription,
        patient=ask.patient,
        prescriber=prescriber,
        status=PrescriptionStatus.ACTIVE,
        refills_left=ask.refills,
        generation=0,
        signed_at=call.now,
        sealed=keys.seal(content.encoded(), kind=Kind.PRESCRIPTION, object=prescription, author=prescriber),
    )


def _content(
    ask: SignPrescription, medication: MedicationEntry, patient: PatientCard, prescriber: ClinicianCard
) -> Content:
    return Content(
        medication=medication.code,
        name=medication.name,
        rxnorm=medication.rxnorm,
        unit=medication.unit,
        dosage=ask.dosage,
        quantity=ask.quantity,
        refills=ask.refills,
        patient_name=patient.name,
        birth_date=patient.birth_date,
        prescriber_name=prescriber.name,
        credential=prescriber.credential,
    )
