"""What goes to a pharmacy: FHIR R4 message bundles around one MedicationRequest (docs/partners.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from shared.requests.pharmacy import PrescriptionStatus

if TYPE_CHECKING:
    from datetime import datetime

    from services.pharmacy.model.content import Content
    from services.pharmacy.model.states import Prescription
    from shared.practice.model import PharmacyPartner

UUIDS = "urn:ietf:rfc:3986"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
EVENTS = "urn:baton:pharmacy:message"
ORDERED, CANCELLED = "NewRx", "CancelRx"
"""The messages, by their NCPDP SCRIPT names."""


def order(
    prescription: Prescription,
    content: Content,
    routing: UUID,
    pharmacy: PharmacyPartner,
    delivery: UUID,
    now: datetime,
) -> bytes:
    """Fill this: everything the pharmacy needs and nothing else."""
    request = _request(prescription, content, routing, PrescriptionStatus.ACTIVE, now)
    request["dosageInstruction"] = [{"text": content.dosage}]
    request["dispenseRequest"] = {
        "numberOfRepeatsAllowed": prescription.refills_left,
        "quantity": {"value": content.quantity, "unit": content.unit},
        "performer": {"identifier": _identifier(pharmacy.id), "display": pharmacy.name},
    }
    request["substitution"] = {"allowedBoolean": True}
    return _message(ORDERED, request, delivery, now)


def cancellation(prescription: Prescription, content: Content, routing: UUID, delivery: UUID, now: datetime) -> bytes:
    """Do not fill it any more."""
    return _message(
        CANCELLED, _request(prescription, content, routing, PrescriptionStatus.CANCELLED, now), delivery, now
    )


def _request(
    prescription: Prescription, content: Content, routing: UUID, status: PrescriptionStatus, now: datetime
) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "contained": [
            {
                "resourceType": "Patient",
                "id": "patient",
                "name": [{"text": content.patient_name}],
                "birthDate": content.birth_date,
            },
            {
                "resourceType": "Practitioner",
                "id": "prescriber",
                "identifier": [_identifier(prescription.prescriber)],
                "name": [{"text": content.prescriber_name, "suffix": [content.credential]}],
            },
        ],
        "identifier": [_identifier(routing)],
        "groupIdentifier": _identifier(prescription.id),
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": content.rxnorm, "display": content.name}],
            "text": content.name,
        },
        "subject": {"reference": "#patient"},
        "requester": {"reference": "#prescriber"},
        "authoredOn": now,
    }


def _message(event: str, request: dict[str, Any], delivery: UUID, now: datetime) -> bytes:
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": EVENTS, "code": event},
        "source": {"name": "Baton", "endpoint": "urn:baton"},
        "focus": [{"reference": f"urn:uuid:{delivery}"}],
    }
    bundle = {
        "resourceType": "Bundle",
        "type": "message",
        "identifier": _identifier(delivery),
        "timestamp": now,
        "entry": [{"resource": header}, {"fullUrl": f"urn:uuid:{delivery}", "resource": request}],
    }
    return msgspec.json.encode(bundle)


def _identifier(value: UUID) -> dict[str, str]:
    return {"system": UUIDS, "value": f"urn:uuid:{value}"}
