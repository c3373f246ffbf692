"""What a pharmacy says, read from FHIR R4: strict in what it needs, silent about what it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from baton_events.codes import ProblemKind
from services.pharmacy.model.order import UUIDS
from services.pharmacy.model.refusals import MessageUnclear
from shared.requests.pharmacy import FillStatus

REASONS = "urn:baton:pharmacy:reason"
STATES = "urn:baton:pharmacy:business-status"
URN = "urn:uuid:"

TOLD_BY_TASK = {
    ("accepted", "acknowledged"): FillStatus.ACKNOWLEDGED,
    ("in-progress", "shipped"): FillStatus.SHIPPED,
}
"""Task.status with Task.businessStatus."""

SETBACKS = {
    ("rejected", "OOS"): ProblemKind.OUT_OF_STOCK,
    ("rejected", "CLOSED"): ProblemKind.CLOSED,
    ("rejected", "ORDER-ERROR"): ProblemKind.REFUSED,
    ("on-hold", "CLARIFY"): ProblemKind.CLARIFICATION,
}
"""Task.status with Task.statusReason."""

TOLD_BY_DISPENSE = {
    "preparation": FillStatus.ACKNOWLEDGED,
    "in-progress": FillStatus.READY,
    "completed": FillStatus.PICKED_UP,
    "cancelled": FillStatus.RETURNED,
}
"""MedicationDispense.status; R4 defines in-progress as ready for pickup, completed as picked up."""


@dataclass(frozen=True)
class Progress:
    """The fill has come to `told`, and the pharmacy may promise the next step by `promise`."""

    routing: UUID
    told: FillStatus
    promise: datetime | None = None


@dataclass(frozen=True)
class Setback:
    """Something stands in the way."""

    routing: UUID
    kind: ProblemKind


class Coding(Struct, frozen=True):
    """FHIR Coding."""

    system: str | None = None
    code: str | None = None


class Concept(Struct, frozen=True):
    """FHIR CodeableConcept."""

    coding: list[Coding] = []

    def within(self, system: str) -> str | None:
        """Its code in that system, if it has one."""
        return next((coding.code for coding in self.coding if coding.system == system), None)


class Identifier(Struct, frozen=True):
    """FHIR Identifier."""

    system: str | None = None
    value: str | None = None


class Reference(Struct, frozen=True):
    """FHIR Reference, by identifier or by display only."""

    identifier: Identifier | None = None


class Period(Struct, frozen=True):
    """FHIR Period; `end` with its offset."""

    end: Annotated[datetime, Meta(tz=True)] | None = None


class Restriction(Struct, frozen=True):
    """FHIR Task.restriction: `period.end` is by when it will be done."""

    period: Period | None = None


class Task(Struct, frozen=True, rename="camel", tag_field="resourceType", tag="Task"):
    """FHIR Task."""

    status: str
    based_on: list[Reference]
    business_status: Concept | None = None
    status_reason: Concept | None = None
    restriction: Restriction | None = None

    def report(self) -> Progress | Setback:
        """What it says of our order; raises MessageUnclear."""
        routing = _routing(self.based_on, "basedOn")
        business = self.business_status.within(STATES) if self.business_status else None
        reason = self.status_reason.within(REASONS) if self.status_reason else None
        if kind := SETBACKS.get((self.status, reason or "")):
            return Setback(routing, kind)
        if told := TOLD_BY_TASK.get((self.status, business or "")):
            period = self.restriction.period if self.restriction else None
            return Progress(routing, told, period.end if period else None)
        raise MessageUnclear(field="status")


class MedicationDispense(Struct, frozen=True, rename="camel", tag_field="resourceType", tag="MedicationDispense"):
    """FHIR MedicationDispense; one with a `destination` goes to the patient's door."""

    status: str
    authorizing_prescription: list[Reference]
    destination: Reference | None = None

    def report(self) -> Progress | Setback:
        """What it says of our order; raises MessageUnclear."""
        routing = _routing(self.authorizing_prescription, "authorizingPrescription")
        if self.status == "declined":
            return Setback(routing, ProblemKind.REFUSED)
        told = TOLD_BY_DISPENSE.get(self.status)
        if told is None:
            raise MessageUnclear(field="status")
        if told is FillStatus.PICKED_UP and self.destination is not None:
            told = FillStatus.DELIVERED
        return Progress(routing, told)


Told = Task | MedicationDispense


def read(body: bytes) -> Progress | Setback:
    """What the message says; raises MessageUnclear naming the field at fault, never its value."""
    try:
        told: Told = msgspec.json.decode(body, type=Told)
        return told.report()
    except msgspec.ValidationError as error:
        raise MessageUnclear(field=str(error).rpartition("`$")[2].strip("`.") or "resourceType") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MessageUnclear(field="body") from None


def _routing(references: list[Reference], field: str) -> UUID:
    ours = [r.identifier.value or "" for r in references if r.identifier and r.identifier.system == UUIDS]
    if len(ours) != 1 or not ours[0].startswith(URN):
        raise MessageUnclear(field=field)
    try:
        return UUID(ours[0].removeprefix(URN))
    except ValueError:
        raise MessageUnclear(field=field) from None
