"""What booking publishes: times taken and given back, and the on-call video queue."""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import CancelReason, Owner, Time, VisitKind


@published("booking", "appointment.booked", entity="appointment")
class AppointmentBooked(Event, frozen=True, kw_only=True):
    """A patient took a time; the front desk owes guidance until `prepare_due`."""

    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    visit_kind: VisitKind
    start: Time
    end: Time
    relationship: UUID
    prepare_owner: Owner
    prepare_due: Time


@published("booking", "appointment.rescheduled", entity="appointment")
class AppointmentRescheduled(Event, frozen=True, kw_only=True):
    """The appointment keeps its id and moves to another time."""

    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    start: Time
    end: Time


@published("booking", "appointment.cancelled", entity="appointment")
class AppointmentCancelled(Event, frozen=True, kw_only=True):
    """The time was given back."""

    appointment: UUID
    patient: UUID
    reason: CancelReason


@published("booking", "video.requested", entity="video")
class VideoRequested(Event, frozen=True, kw_only=True):
    """A patient waits for an on-call clinician, who was promised by `connect_due`."""

    video: UUID
    patient: UUID
    connect_owner: Owner
    connect_due: Time


@published("booking", "video.connected", entity="video")
class VideoConnected(Event, frozen=True, kw_only=True):
    """A clinician is on the call."""

    video: UUID
    patient: UUID
    clinician: UUID


@published("booking", "video.left", entity="video")
class VideoLeft(Event, frozen=True, kw_only=True):
    """The patient left the queue."""

    video: UUID
    patient: UUID
