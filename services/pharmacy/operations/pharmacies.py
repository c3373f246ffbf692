"""The pharmacies to choose from, and the patient's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.pharmacy.model.choice import Preference, kilometres, nearest_first
from services.pharmacy.operations.refill import require_own
from services.pharmacy.store import preferences
from shared import audit, idempotency
from shared.errors import Unavailable
from shared.identity.people import Role
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.requests.pharmacy import Pharmacies, Pharmacy, PreferenceKept
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from services.pharmacy.operations.ground import PharmacyGround
    from shared.call import Call
    from shared.practice.model import PharmacyPartner
    from shared.requests.directory import PatientCard
    from shared.requests.pharmacy import AskPharmacies, PreferPharmacy


async def pharmacies(ground: PharmacyGround, call: Call, _: AskPharmacies) -> Pharmacies:
    """All of them, by name; for a patient nearest first, as long as directory says where they live."""
    patient = await _place(ground, call)
    partners = sorted(ground.partners.values(), key=lambda partner: partner.name)
    if patient is not None:
        partners = nearest_first(patient, partners)
    return Pharmacies(pharmacies=[_shown(partner, patient) for partner in partners])


async def prefer(ground: PharmacyGround, call: Call, ask: PreferPharmacy) -> PreferenceKept:
    """Keep the patient's pharmacy and limits, for whatever is sent or moved from now on.

    Raises PharmacyUnknown, NotFound.
    """
    pharmacy = ground.partner(ask.pharmacy)
    patient = ask.patient or call.person.id
    await require_own(ground, call, patient)
    chosen = Preference(pharmacy=pharmacy.id, farthest_kilometres=ask.farthest_kilometres, delivery=ask.delivery)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        await preferences.keep(tx, patient, chosen, call.now)
        await audit.record(tx, call, "write", patient=patient)
        done = PreferenceKept(patient=patient, pharmacy=pharmacy.id)
        await idempotency.keep(tx, call, done)
    return done


async def _place(ground: PharmacyGround, call: Call) -> PatientCard | None:
    if Role.PATIENT not in call.person.roles:
        return None
    try:
        return await ground.bus.call_as_self(PATIENT, OfPatient(patient=call.person.id), cause=None)
    except Unavailable:
        return None


def _shown(partner: PharmacyPartner, patient: PatientCard | None) -> Pharmacy:
    return Pharmacy(
        pharmacy=partner.id,
        name=partner.name,
        delivers=partner.delivers,
        kilometres=round(kilometres(patient, partner), 1) if patient is not None else None,
    )
