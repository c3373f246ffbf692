"""What visits publishes: check-in, rooming, orders, the end of a visit and what is owed after it."""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import Owner, Time


@published("visits", "guidance.sent", entity="visit")
class GuidanceSent(Event, frozen=True, kw_only=True):
    """What to bring and do before the visit is there for the patient to read."""

    visit: UUID
    appointment: UUID
    patient: UUID


@published("visits", "guidance.repeated", entity="visit")
class GuidanceRepeated(Event, frozen=True, kw_only=True):
    """The day before: what to bring and do is put before the patient again."""

    visit: UUID
    appointment: UUID
    patient: UUID


@published("visits", "opinion.given", entity="visit")
class OpinionGiven(Event, frozen=True, kw_only=True):
    """The patient said how the visit went."""

    visit: UUID
    patient: UUID


@published("visits", "visit.checked-in", entity="visit")
class VisitCheckedIn(Event, frozen=True, kw_only=True):
    """The patient is here; a room is owed by `room_due`."""

    visit: UUID
    appointment: UUID
    patient: UUID
    office: UUID
    room_owner: Owner
    room_due: Time


@published("visits", "visit.left", entity="visit")
class VisitLeft(Event, frozen=True, kw_only=True):
    """The patient went before being seen."""

    visit: UUID
    appointment: UUID
    patient: UUID


@published("visits", "visit.started", entity="visit")
class VisitStarted(Event, frozen=True, kw_only=True):
    """The clinician is with the patient."""

    visit: UUID
    appointment: UUID
    patient: UUID
    clinician: UUID


@published("visits", "visit.ended", entity="visit")
class VisitEnded(Event, frozen=True, kw_only=True):
    """The visit is over; its summary is owed, and a follow-up when `follow_up_due` is given."""

    visit: UUID
    appointment: UUID
    patient: UUID
    clinician: UUID
    clinician_owner: Owner
    summary_due: Time
    follow_up_due: Time | None = None


@published("visits", "visit.summarised", entity="visit")
class VisitSummarised(Event, frozen=True, kw_only=True):
    """Summary and next steps are there for the patient to read."""

    visit: UUID
    patient: UUID
    clinician: UUID


@published("visits", "follow-up.declined", entity="visit")
class FollowUpDeclined(Event, frozen=True, kw_only=True):
    """The patient does not want the follow-up."""

    visit: UUID
    patient: UUID


@published("visits", "order.placed", entity="order")
class OrderPlaced(Event, frozen=True, kw_only=True):
    """A clinician ordered something that the lab team does; it is owed by `order_due`."""

    order: UUID
    visit: UUID
    patient: UUID
    clinician: UUID
    order_owner: Owner
    order_due: Time


@published("visits", "order.accepted", entity="order")
class OrderAccepted(Event, frozen=True, kw_only=True):
    """A member of the lab team took the order."""

    order: UUID
    visit: UUID
    patient: UUID
    accepted_by: UUID


@published("visits", "order.completed", entity="order")
class OrderCompleted(Event, frozen=True, kw_only=True):
    """The order is done and on record."""

    order: UUID
    visit: UUID
    patient: UUID
    completed_by: UUID


@published("visits", "order.declined", entity="order")
class OrderDeclined(Event, frozen=True, kw_only=True):
    """The lab team cannot do it; the reason is on the order."""

    order: UUID
    visit: UUID
    patient: UUID
    declined_by: UUID


@published("visits", "order.cancelled", entity="order")
class OrderCancelled(Event, frozen=True, kw_only=True):
    """The clinician took the order back."""

    order: UUID
    visit: UUID
    patient: UUID


@published("visits", "gap.found", entity="gap")
class GapFound(Event, frozen=True, kw_only=True):
    """Something is due for the patient; the care team offers it by `offer_due`."""

    gap: UUID
    patient: UUID
    offer_owner: Owner
    offer_due: Time


@published("visits", "gap.closed", entity="gap")
class GapClosed(Event, frozen=True, kw_only=True):
    """What was due is done."""

    gap: UUID
    patient: UUID


@published("visits", "gap.snoozed", entity="gap")
class GapSnoozed(Event, frozen=True, kw_only=True):
    """The patient does not want it now."""

    gap: UUID
    patient: UUID
    until: Time
