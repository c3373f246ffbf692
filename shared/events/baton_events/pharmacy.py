"""What pharmacy publishes: prescriptions on their way, fills, problems and renewals.

A `routing` is one sending of a prescription to one pharmacy; a refill or a move is a new routing.
"""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import Owner, ProblemKind, Resolution, RouteReason, Time


@published("pharmacy", "prescription.signed", entity="prescription")
class PrescriptionSigned(Event, frozen=True, kw_only=True):
    """A prescriber signed (NCPDP SCRIPT: the source of a NewRx)."""

    prescription: UUID
    patient: UUID
    prescriber: UUID


@published("pharmacy", "prescription.routed", entity="prescription")
class PrescriptionRouted(Event, frozen=True, kw_only=True):
    """It is on its way to a pharmacy, which must acknowledge it by `transmit_due`."""

    prescription: UUID
    routing: UUID
    patient: UUID
    pharmacy: UUID
    reason: RouteReason
    transmit_due: Time


@published("pharmacy", "prescription.acknowledged", entity="prescription")
class PrescriptionAcknowledged(Event, frozen=True, kw_only=True):
    """The pharmacy has it and promises it by `fill_due`."""

    prescription: UUID
    routing: UUID
    patient: UUID
    pharmacy: UUID
    fill_due: Time


@published("pharmacy", "prescription.rerouted", entity="prescription")
class PrescriptionRerouted(Event, frozen=True, kw_only=True):
    """This routing ends because the prescription moves to another pharmacy (`next_routing`)."""

    prescription: UUID
    routing: UUID
    patient: UUID
    next_routing: UUID


@published("pharmacy", "prescription.cancelled", entity="prescription")
class PrescriptionCancelled(Event, frozen=True, kw_only=True):
    """Withdrawn (NCPDP SCRIPT CancelRx), with the routing and problem that were open, if any."""

    prescription: UUID
    patient: UUID
    routing: UUID | None = None
    problem: UUID | None = None


@published("pharmacy", "fill.ready", entity="prescription")
class FillReady(Event, frozen=True, kw_only=True):
    """It waits at the counter (NCPDP SCRIPT RxFill); outreach starts at `pick_up_due`."""

    prescription: UUID
    routing: UUID
    patient: UUID
    pharmacy: UUID
    pick_up_due: Time


@published("pharmacy", "fill.shipped", entity="prescription")
class FillShipped(Event, frozen=True, kw_only=True):
    """It is on its way to the door, promised by `deliver_due`."""

    prescription: UUID
    routing: UUID
    patient: UUID
    pharmacy: UUID
    deliver_due: Time


@published("pharmacy", "fill.picked-up", entity="prescription")
class FillPickedUp(Event, frozen=True, kw_only=True):
    """The patient has it."""

    prescription: UUID
    routing: UUID
    patient: UUID
    pharmacy: UUID


@published("pharmacy", "fill.delivered", entity="prescription")
class FillDelivered(Event, frozen=True, kw_only=True):
    """It is at the door."""

    prescription: UUID
    routing: UUID
    patient: UUID
    pharmacy: UUID


@published("pharmacy", "fill.returned", entity="prescription")
class FillReturned(Event, frozen=True, kw_only=True):
    """Not picked up or not deliverable: back on the shelf."""

    prescription: UUID
    routing: UUID
    patient: UUID
    pharmacy: UUID


@published("pharmacy", "problem.raised", entity="prescription")
class ProblemRaised(Event, frozen=True, kw_only=True):
    """Something stands in the way of a fill; `resolve_owner` settles it by `resolve_due`, never the patient."""

    problem: UUID
    prescription: UUID
    routing: UUID
    patient: UUID
    problem_kind: ProblemKind
    resolve_owner: Owner
    resolve_due: Time


@published("pharmacy", "problem.resolved", entity="prescription")
class ProblemResolved(Event, frozen=True, kw_only=True):
    """It is out of the way."""

    problem: UUID
    prescription: UUID
    patient: UUID
    resolution: Resolution


@published("pharmacy", "renewal.requested", entity="renewal")
class RenewalRequested(Event, frozen=True, kw_only=True):
    """No refills are left; the prescriber decides by `renew_due` (NCPDP SCRIPT RxRenewalRequest)."""

    renewal: UUID
    prescription: UUID
    patient: UUID
    renew_owner: Owner
    renew_due: Time


@published("pharmacy", "renewal.approved", entity="renewal")
class RenewalApproved(Event, frozen=True, kw_only=True):
    """The prescriber renewed it."""

    renewal: UUID
    prescription: UUID
    patient: UUID


@published("pharmacy", "renewal.denied", entity="renewal")
class RenewalDenied(Event, frozen=True, kw_only=True):
    """The prescriber did not renew it; the reason is in a message to the patient."""

    renewal: UUID
    prescription: UUID
    patient: UUID


@published("pharmacy", "renewal.withdrawn", entity="renewal")
class RenewalWithdrawn(Event, frozen=True, kw_only=True):
    """The patient no longer asks for it."""

    renewal: UUID
    prescription: UUID
    patient: UUID
