"""What a prescriber signed, sealed as one, and what the medication costs at a pharmacy."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from services.pharmacy.model.refusals import ControlledMedication, MedicationUnknown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from shared.practice.model import MedicationEntry, PharmacyPartner


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The prescription's text as it was signed; names are those of that day."""

    medication: str
    name: str
    rxnorm: str
    unit: str
    dosage: str
    quantity: int
    refills: int
    patient_name: str
    birth_date: date
    prescriber_name: str
    credential: str

    def encoded(self) -> bytes:
        """As it is sealed."""
        return msgspec.json.encode(self)

    @classmethod
    def decoded(cls, plain: bytes) -> Content:
        """As it was sealed."""
        return msgspec.json.decode(plain, type=cls)


def prescribable(medications: Mapping[str, MedicationEntry], code: str) -> MedicationEntry:
    """The medication; raises MedicationUnknown, ControlledMedication."""
    medication = medications.get(code)
    if medication is None:
        raise MedicationUnknown(field="medication")
    if medication.controlled:
        raise ControlledMedication
    return medication


def price_cents(
    content: Content,
    medications: Mapping[str, MedicationEntry],
    pharmacies: Mapping[UUID, PharmacyPartner],
    pharmacy: UUID,
) -> int | None:
    """What one fill costs there: so much a unit, and the pharmacy's fee; None where either is no longer known."""
    medication, partner = medications.get(content.medication), pharmacies.get(pharmacy)
    if medication is None or partner is None:
        return None
    return medication.unit_cents * content.quantity + partner.dispensing_fee_cents
