"""What pharmacy is asked: prescribe, refill, see medications and pharmacies; and what pharmacies tell it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from shared.identity.people import Role
from shared.requests.common import Cents, Code, OfPatient, ShortWords
from shared.requests.declare import Answer, Ask, Done, Operation, operation

PATIENTS = frozenset({Role.PATIENT, Role.PROXY})
RECORD = PATIENTS | {Role.CLINICIAN, Role.NURSE, Role.PHARMACIST}


class PrescriptionStatus(StrEnum):
    """FHIR R4 MedicationRequest.status, the words this practice uses."""

    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class FillStatus(StrEnum):
    """Where one routing stands, after Photon's fulfilment states."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    READY = "ready"
    SHIPPED = "shipped"
    PICKED_UP = "picked-up"
    DELIVERED = "delivered"
    RETURNED = "returned"
    MOVED = "moved"
    CANCELLED = "cancelled"


class SignPrescription(Ask, frozen=True, kw_only=True):
    """Prescribe `quantity` of the medication's own unit; `pharmacy` where the patient wants another than theirs."""

    patient: UUID
    medication: Code
    dosage: ShortWords
    quantity: Annotated[int, Meta(ge=1, le=1000)]
    refills: Annotated[int, Meta(ge=0, le=11)]
    pharmacy: UUID | None = None
    visit: UUID | None = None


class PrescriptionRoute(Done, frozen=True, kw_only=True):
    """It is on its way to a pharmacy."""

    prescription: UUID
    routing: UUID
    pharmacy: UUID


class OfPrescription(Ask, frozen=True, kw_only=True):
    """A change of one prescription."""

    prescription: UUID


class PrescriptionState(Done, frozen=True, kw_only=True):
    """Where the prescription stands."""

    prescription: UUID
    status: PrescriptionStatus


class Refill(Ask, frozen=True, kw_only=True):
    """Refill at the pharmacy shown, or at another."""

    prescription: UUID
    pharmacy: UUID | None = None


class AskRefills(Ask, frozen=True, kw_only=True):
    """What the caller can refill; a proxy names the patient."""

    patient: UUID | None = None


class Refillable(Answer, frozen=True, kw_only=True):
    """A prescription with refills left, where it would go and at what price."""

    prescription: UUID
    medication: str
    dosage: str
    refills_left: int
    pharmacy: UUID
    pharmacy_name: str
    price_cents: Cents


class Refills(Answer, frozen=True, kw_only=True):
    """What can be refilled now."""

    refills: list[Refillable]


class Medication(Answer, frozen=True, kw_only=True):
    """A prescription as the patient's record shows it, with where its last routing stands."""

    prescription: UUID
    medication: str
    dosage: str
    quantity: int
    refills_left: int
    prescriber: UUID
    status: PrescriptionStatus
    signed_at: datetime
    pharmacy: UUID
    pharmacy_name: str
    fill: FillStatus


class Medications(Answer, frozen=True, kw_only=True):
    """Newest first."""

    medications: list[Medication]


class AskPharmacies(Ask, frozen=True, kw_only=True):
    """The pharmacies this practice sends to, nearest to the caller first where the caller is a patient."""


class Pharmacy(Answer, frozen=True, kw_only=True):
    """A partner pharmacy. `kilometres` from the patient, where one asks."""

    pharmacy: UUID
    name: str
    delivers: bool
    kilometres: float | None = None


class Pharmacies(Answer, frozen=True, kw_only=True):
    """Those found."""

    pharmacies: list[Pharmacy]


class PreferPharmacy(Ask, frozen=True, kw_only=True):
    """The patient's own pharmacy, and how far the practice may move a prescription without asking.

    With `delivery` also to a pharmacy that delivers, wherever in the state it is.
    """

    pharmacy: UUID
    patient: UUID | None = None
    farthest_kilometres: Annotated[int, Meta(ge=1, le=500)] = 25
    delivery: bool = False


class PreferenceKept(Done, frozen=True, kw_only=True):
    """It is kept."""

    patient: UUID
    pharmacy: UUID


class PartnerMessage(Ask, frozen=True, kw_only=True):
    """A Standard Webhooks message as it came in: the raw body (base64 in JSON) and its signed headers."""

    pharmacy: UUID
    webhook_id: Annotated[str, Meta(max_length=200)]
    webhook_timestamp: Annotated[str, Meta(max_length=20)]
    webhook_signature: Annotated[str, Meta(max_length=1000)]
    body: bytes


class PartnerHeard(Answer, frozen=True, kw_only=True):
    """Taken in, once."""

    heard: bool


SIGN = operation(
    Operation(
        "pharmacy",
        "sign",
        SignPrescription,
        PrescriptionRoute,
        command=True,
        roles=frozenset({Role.CLINICIAN}),
    ),
)
CANCEL = operation(
    Operation(
        "pharmacy",
        "cancel",
        OfPrescription,
        PrescriptionState,
        command=True,
        roles=frozenset({Role.CLINICIAN}),
    ),
)
MEDICATIONS = operation(Operation("pharmacy", "medications", OfPatient, Medications, roles=RECORD))
REFILLS = operation(Operation("pharmacy", "refills", AskRefills, Refills, roles=PATIENTS))
REFILL = operation(Operation("pharmacy", "refill", Refill, PrescriptionRoute, command=True, roles=PATIENTS))
PHARMACIES = operation(
    Operation("pharmacy", "pharmacies", AskPharmacies, Pharmacies, roles=RECORD),
)
PREFER = operation(Operation("pharmacy", "prefer", PreferPharmacy, PreferenceKept, command=True, roles=PATIENTS))
PARTNER = operation(
    Operation(
        "pharmacy",
        "partner",
        PartnerMessage,
        PartnerHeard,
        services=frozenset({"gateway"}),
        largest=128 * 1024,
    ),
)
