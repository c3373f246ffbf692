"""The pharmacy's side of the FHIR R4 contract (docs/partners.md): read an order, write what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import msgspec

from deploy.simulator.behaviours import Stage

if TYPE_CHECKING:
    from deploy.simulator.behaviours import Answer

UUIDS = "urn:ietf:rfc:3986"
REASONS = "urn:baton:pharmacy:reason"
STATES = "urn:baton:pharmacy:business-status"

TASKS = {
    Stage.ACKNOWLEDGE: ("accepted", "acknowledged", None),
    Stage.OUT_OF_STOCK: ("rejected", "refused", "OOS"),
    Stage.CLOSED: ("rejected", "refused", "CLOSED"),
    Stage.REFUSE: ("rejected", "refused", "ORDER-ERROR"),
    Stage.CLARIFY: ("on-hold", "clarification-needed", "CLARIFY"),
    Stage.SHIPPED: ("in-progress", "shipped", None),
}
"""Task.status, Task.businessStatus and Task.statusReason of each stage told as a Task."""

DISPENSES = {
    Stage.PREPARE: "preparation",
    Stage.READY: "in-progress",
    Stage.PICKED_UP: "completed",
    Stage.DELIVERED: "completed",
    Stage.RETURNED: "cancelled",
}
"""MedicationDispense.status of each stage told as one."""


@dataclass(frozen=True)
class Order:
    """An order of the practice, or the taking back of one."""

    routing: UUID
    message: Literal["order", "cancel"]


class NotAnOrder(Exception):
    """The message carries no MedicationRequest that a pharmacy could act on."""


def read(body: bytes) -> Order:
    """Find the order in a message bundle; raises NotAnOrder."""
    try:
        entries = msgspec.json.decode(body)["entry"]
        request = next(e["resource"] for e in entries if e["resource"]["resourceType"] == "MedicationRequest")
        routing = next(i["value"] for i in request["identifier"] if i["system"] == UUIDS)
        cancelled = request["status"] == "cancelled"
        return Order(UUID(routing.removeprefix("urn:uuid:")), "cancel" if cancelled else "order")
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, StopIteration) as error:
        raise NotAnOrder from error


def write(answer: Answer, now: float) -> bytes:
    """What the pharmacy says at this stage."""
    about = [{"identifier": {"system": UUIDS, "value": f"urn:uuid:{answer.routing}"}}]
    resource = _task(answer, about, now) if answer.stage in TASKS else _dispense(answer, about, now)
    return msgspec.json.encode(resource)


def _task(answer: Answer, about: list[Any], now: float) -> dict[str, Any]:
    status, business, reason = TASKS[answer.stage]
    task: dict[str, Any] = {
        "resourceType": "Task",
        "status": status,
        "intent": "order",
        "basedOn": about,
        "lastModified": _instant(now),
        "businessStatus": {"coding": [{"system": STATES, "code": business}]},
    }
    if reason is not None:
        task["statusReason"] = {"coding": [{"system": REASONS, "code": reason}]}
    if answer.promise is not None:
        task["restriction"] = {"period": {"end": _instant(answer.promise)}}
    return task


def _dispense(answer: Answer, about: list[Any], now: float) -> dict[str, Any]:
    dispense: dict[str, Any] = {
        "resourceType": "MedicationDispense",
        "status": DISPENSES[answer.stage],
        "authorizingPrescription": about,
        "medicationCodeableConcept": {"text": "as ordered"},
    }
    if answer.stage is Stage.READY:
        dispense["whenPrepared"] = _instant(now)
    if answer.stage in {Stage.PICKED_UP, Stage.DELIVERED}:
        dispense["whenHandedOver"] = _instant(now)
    if answer.stage is Stage.DELIVERED:
        dispense["destination"] = {"display": "the patient's door"}
    return dispense


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
