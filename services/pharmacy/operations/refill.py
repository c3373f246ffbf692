"""What can be refilled, and the refill: one more fill of a prescription, at the pharmacy that filled it last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import RouteReason
from services.pharmacy.model.content import price_cents
from services.pharmacy.model.refusals import (
    MedicationWithdrawn,
    NoRefillsLeft,
    NoSuchPrescription,
    PrescriptionEnded,
    RefillTooSoon,
)
from services.pharmacy.model.states import ON_ITS_WAY
from services.pharmacy.operations.route import content_of, next_routing, route
from services.pharmacy.store import prescriptions
from shared import audit, idempotency
from shared.errors import NotFound
from shared.identity.access import require_open
from shared.requests.directory import Ground
from shared.requests.pharmacy import PrescriptionRoute, PrescriptionStatus, Refillable, Refills
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.pharmacy.operations.ground import PharmacyGround
    from services.pharmacy.store.prescriptions import Standing
    from shared.call import Call
    from shared.requests.pharmacy import AskRefills, Refill
    from shared.sealing import GroupKeys

OWN = frozenset({Ground.SELF, Ground.PROXY})
"""Grounds on which somebody acts as the patient."""


async def refills(ground: PharmacyGround, call: Call, ask: AskRefills) -> Refills:
    """What the patient can refill now, with price and pharmacy; raises NotFound."""
    patient = ask.patient or call.person.id
    await require_own(ground, call, patient)
    keys = await ground.sealing.keys(patient, patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        standings = await prescriptions.of_patient(tx, patient)
        shown = [one for standing in standings if (one := _refillable(ground, keys, standing)) is not None]
        await audit.record(tx, call, "read", patient=patient, range=f"{len(shown)} refills")
    return Refills(refills=shown)


async def refill(ground: PharmacyGround, call: Call, ask: Refill) -> PrescriptionRoute:
    """Take one refill and send it; of two devices asking at once, the second is told that it is on its way.

    Raises NoSuchPrescription, PrescriptionEnded, RefillTooSoon, NoRefillsLeft, MedicationWithdrawn, PharmacyUnknown.
    """
    async with ground.db.transaction() as tx:
        owners = await prescriptions.owners(tx, ask.prescription)
    if owners is None:
        raise NoSuchPrescription
    patient, _ = owners
    await require_own(ground, call, patient, NoSuchPrescription)
    keys = await ground.sealing.keys(patient, patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        standing = await prescriptions.lock(tx, ask.prescription)
        assert standing is not None, "prescriptions are never removed"
        prescription = standing.prescription
        _check(standing)
        if content_of(keys, prescription).medication not in ground.practice.medications:
            raise MedicationWithdrawn
        pharmacy = ground.partner(ask.pharmacy or standing.routing.pharmacy)
        left = prescription.refills_left - 1
        await prescriptions.set_refills(tx, prescription.id, left, prescription.status)
        routing = next_routing(prescription, pharmacy.id, RouteReason.REFILL)
        await route(tx, ground, keys, prescription.with_refills(left), routing, pharmacy, call.now)
        await audit.record(tx, call, "write", patient=patient, object=prescription.id)
        done = PrescriptionRoute(prescription=prescription.id, routing=routing.id, pharmacy=pharmacy.id)
        await idempotency.keep(tx, call, done)
    return done


async def require_own(ground: PharmacyGround, call: Call, patient: UUID, refusal: type[NotFound] = NotFound) -> None:
    """Raise the refusal unless the caller is the patient or their proxy."""
    try:
        on_ground = await require_open(ground, call, patient)
    except NotFound:
        raise refusal from None
    if on_ground not in OWN:
        raise refusal


def _check(standing: Standing) -> None:
    if standing.prescription.status is PrescriptionStatus.CANCELLED:
        raise PrescriptionEnded
    if standing.routing.status in ON_ITS_WAY:
        raise RefillTooSoon
    if not standing.prescription.refills_left:
        raise NoRefillsLeft


def _refillable(ground: PharmacyGround, keys: GroupKeys, standing: Standing) -> Refillable | None:
    prescription, routing = standing.prescription, standing.routing
    if prescription.status is not PrescriptionStatus.ACTIVE or routing.status in ON_ITS_WAY:
        return None
    content = content_of(keys, prescription)
    price = price_cents(content, ground.practice.medications, ground.partners, routing.pharmacy)
    if not prescription.refills_left or price is None:
        return None
    return Refillable(
        prescription=prescription.id,
        medication=content.name,
        dosage=content.dosage,
        refills_left=prescription.refills_left,
        pharmacy=routing.pharmacy,
        pharmacy_name=ground.partners[routing.pharmacy].name,
        price_cents=price,
    )
