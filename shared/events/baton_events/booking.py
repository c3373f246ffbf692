"""What booking publishes: times taken, moved and given back, the waitlist, and the on-call video queue."""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import Availability, CancelReason, Owner, Reminder, Time, VisitKind


@published("booking", "appointment.booked", entity="appointment")
class AppointmentBooked(Event, frozen=True, kw_only=True):
    """A patient took a time; the front desk owes guidance until `prepare_due`.

    `quote` names the price at which it was booked, which billing locks.
    """

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
    quote: UUID | None = None


@published("booking", "appointment.rescheduled", entity="appointment")
class AppointmentRescheduled(Event, frozen=True, kw_only=True):
    """The appointment keeps its id and moves to another time; `relationship` is the clinician's with the patient.

    `former` is the one with the clinician it was moved away from, where it was; it ends.
    """

    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    start: Time
    end: Time
    visit_kind: VisitKind | None = None
    relationship: UUID | None = None
    former: UUID | None = None


@published("booking", "appointment.cancelled", entity="appointment")
class AppointmentCancelled(Event, frozen=True, kw_only=True):
    """The time was given back; the `relationship` that was begun for it ends."""

    appointment: UUID
    patient: UUID
    reason: CancelReason
    relationship: UUID | None = None


@published("booking", "appointment.no-show", entity="appointment")
class AppointmentNoShow(Event, frozen=True, kw_only=True):
    """The patient did not come; somebody gets in touch with them by `contact_due`."""

    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    contact_owner: Owner
    contact_due: Time


@published("booking", "no-show.settled", entity="appointment")
class NoShowSettled(Event, frozen=True, kw_only=True):
    """Somebody spoke with the patient who did not come, or it needs nothing more."""

    appointment: UUID
    patient: UUID
    settled_by: UUID


@published("booking", "appointment.licence-lapsed", entity="appointment")
class AppointmentLicenceLapsed(Event, frozen=True, kw_only=True):
    """The clinician may not treat the patient there on that day any more; the visit is moved by `move_due`."""

    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    move_owner: Owner
    move_due: Time


@published("booking", "appointment.licence-restored", entity="appointment")
class AppointmentLicenceRestored(Event, frozen=True, kw_only=True):
    """The clinician may treat the patient there on that day again; the visit needs no other."""

    appointment: UUID
    patient: UUID


@published("booking", "appointment.reminded", entity="appointment")
class AppointmentReminded(Event, frozen=True, kw_only=True):
    """The patient is reminded of the visit that begins at `start`."""

    appointment: UUID
    patient: UUID
    reminder: Reminder
    start: Time


@published("booking", "waitlist.joined", entity="wait")
class WaitlistJoined(Event, frozen=True, kw_only=True):
    """A patient waits for a time to be free."""

    wait: UUID
    patient: UUID


@published("booking", "waitlist.left", entity="wait")
class WaitlistLeft(Event, frozen=True, kw_only=True):
    """They wait no longer, because they said so, have a time, or what they waited for is past."""

    wait: UUID
    patient: UUID


@published("booking", "waitlist.offered", entity="wait")
class WaitlistOffered(Event, frozen=True, kw_only=True):
    """A time is theirs to take until the claim lapses."""

    wait: UUID
    patient: UUID
    claim: UUID
    lapses: Time


@published("booking", "waitlist.lapsed", entity="wait")
class WaitlistLapsed(Event, frozen=True, kw_only=True):
    """The claim lapsed; the time goes to the next."""

    wait: UUID
    patient: UUID
    claim: UUID


@published("booking", "waitlist.claimed", entity="wait")
class WaitlistClaimed(Event, frozen=True, kw_only=True):
    """They took the time."""

    wait: UUID
    patient: UUID
    claim: UUID
    appointment: UUID


@published("booking", "availability.overridden", entity="override")
class AvailabilityOverridden(Event, frozen=True, kw_only=True):
    """Staff opened or closed a stretch of a clinician's time; the reason is on record."""

    override: UUID
    clinician: UUID
    office: UUID
    availability: Availability
    start: Time
    end: Time
    overridden_by: UUID


@published("booking", "availability.override-lifted", entity="override")
class AvailabilityOverrideLifted(Event, frozen=True, kw_only=True):
    """The weekly hours count again."""

    override: UUID
    clinician: UUID
    office: UUID
    lifted_by: UUID


@published("booking", "video.requested", entity="video")
class VideoRequested(Event, frozen=True, kw_only=True):
    """A patient waits for an on-call clinician, who was promised by `connect_due`."""

    video: UUID
    patient: UUID
    connect_owner: Owner
    connect_due: Time


@published("booking", "video.connected", entity="video")
class VideoConnected(Event, frozen=True, kw_only=True):
    """A clinician is on the call, which is the visit of `appointment`; they treat the patient by `relationship`."""

    video: UUID
    patient: UUID
    clinician: UUID
    appointment: UUID | None = None
    relationship: UUID | None = None


@published("booking", "video.left", entity="video")
class VideoLeft(Event, frozen=True, kw_only=True):
    """The patient left the queue."""

    video: UUID
    patient: UUID
