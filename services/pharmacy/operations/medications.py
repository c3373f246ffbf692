"""The patient's prescriptions, as the record shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.pharmacy.operations.route import content_of
from services.pharmacy.store import prescriptions
from shared import audit
from shared.errors import NotFound
from shared.identity.access import may_open
from shared.requests.pharmacy import Medication, Medications
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from services.pharmacy.operations.ground import PharmacyGround
    from services.pharmacy.store.prescriptions import Standing
    from shared.call import Call
    from shared.requests.common import OfPatient
    from shared.sealing import GroupKeys


async def medications(ground: PharmacyGround, call: Call, ask: OfPatient) -> Medications:
    """Newest first, once the look is on record.

    All of them where the record opens to the caller; a prescriber to whom it does not open any more still sees what
    they signed themselves. Raises NotFound for everybody else.
    """
    own_only = None if await may_open(ground, call, ask.patient) is not None else call.person.id
    async with ground.db.transaction() as tx:
        if own_only is not None and not await prescriptions.has_signed(tx, ask.patient, own_only):
            raise NotFound
    keys = await ground.sealing.keys(ask.patient, ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        standings = await prescriptions.of_patient(tx, ask.patient, own_only)
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(standings)} prescriptions")
    return Medications(medications=[_shown(ground, keys, standing) for standing in standings])


def _shown(ground: PharmacyGround, keys: GroupKeys, standing: Standing) -> Medication:
    prescription, routing = standing.prescription, standing.routing
    content = content_of(keys, prescription)
    partner = ground.practice.pharmacies.get(routing.pharmacy)
    return Medication(
        prescription=prescription.id,
        medication=content.name,
        dosage=content.dosage,
        quantity=content.quantity,
        refills_left=prescription.refills_left,
        prescriber=prescription.prescriber,
        status=prescription.status,
        signed_at=prescription.signed_at,
        pharmacy=routing.pharmacy,
        pharmacy_name=partner.name if partner is not None else "",
        fill=routing.status,
    )
