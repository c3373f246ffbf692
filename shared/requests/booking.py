"""What booking is asked: offers for a reason, a time taken or given back, the day's list."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from baton_events.codes import VisitKind
from shared.identity.people import Role
from shared.requests.common import Cents, Code, Moment, OfPatient, State, TimeOfDay, Weekday, Words
from shared.requests.declare import Answer, Ask, Done, Operation, operation

PATIENTS = frozenset({Role.PATIENT, Role.PROXY})
RECORD = PATIENTS | {Role.CLINICIAN, Role.NURSE}


class AppointmentStatus(StrEnum):
    """FHIR R4 Appointment.status, the words this practice uses."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"


class FindOffers(Ask, frozen=True, kw_only=True):
    """Why the patient wants to be seen, in their words, and what they would rather have.

    With `instead_of` the offers are for moving that appointment, whose reason and kind of visit go along. `earliest`
    and `latest` bound the start, `after` and `before` by the clock where the patient will be; with `after` past
    `before` it is the night between them. `state` is where the patient says they will be if it is by video; their
    home's, or the one said before, if none is given.
    """

    reason: Words | None = None
    instead_of: UUID | None = None
    patient: UUID | None = None
    visit_type: Code | None = None
    office: UUID | None = None
    clinician: UUID | None = None
    kind: VisitKind | None = None
    state: State | None = None
    earliest: Moment | None = None
    latest: Moment | None = None
    after: TimeOfDay | None = None
    before: TimeOfDay | None = None
    days: Annotated[list[Weekday], Meta(max_length=7)] = []


class EmergencyGuidance(Answer, frozen=True, kw_only=True):
    """What to do first when the reason sounds like an emergency; booking stays possible."""

    title: str
    text: str
    call: str


class ReachPerson(Answer, frozen=True, kw_only=True):
    """How a person of the practice is reached: send `body` there; they join within so many minutes."""

    method: str
    path: str
    body: dict[str, Any]
    within_minutes: int


class Offer(Answer, frozen=True, kw_only=True):
    """A time that can be taken until `lapses_at`; `offer` is signed and holds nothing until confirmed."""

    offer: str
    clinician: UUID
    clinician_name: str
    credential: str
    office: UUID
    office_name: str
    kind: VisitKind
    start: datetime
    end: datetime
    local_start: str
    minutes: int
    price_cents: Cents
    why: str
    lapses_at: datetime


class Offers(Answer, frozen=True, kw_only=True):
    """At most a dozen offers, best first, after the emergency guidance and a person to reach where there is any.

    `due` names what is due for the patient and can be done at the same visit; null when that is not known now.
    """

    emergency: EmergencyGuidance | None
    offers: list[Offer]
    person: ReachPerson | None = None
    due: list[str] | None = None


class Book(Ask, frozen=True, kw_only=True):
    """Take this offer."""

    offer: str


class Booked(Done, frozen=True, kw_only=True):
    """The time is taken."""

    appointment: UUID
    clinician: UUID
    office: UUID
    start: datetime
    end: datetime
    status: AppointmentStatus


class OfAppointment(Ask, frozen=True, kw_only=True):
    """A question about, or a change of, one appointment."""

    appointment: UUID


class AppointmentState(Done, frozen=True, kw_only=True):
    """Where the appointment stands."""

    appointment: UUID
    status: AppointmentStatus


class Appointment(Answer, frozen=True, kw_only=True):
    """An appointment with the patient's own words on why.

    `link` lets the caller, one of the two of a visit by video, into its room, from when check-in opens; it is shown
    where one appointment is asked for.
    """

    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    kind: VisitKind
    visit_type: Code
    start: datetime
    end: datetime
    time_zone: str
    price_cents: Cents
    status: AppointmentStatus
    reason: str
    quote: UUID | None = None
    link: str | None = None


class Appointments(Answer, frozen=True, kw_only=True):
    """Newest first."""

    appointments: list[Appointment]


class AppointmentFacts(Answer, frozen=True, kw_only=True):
    """What visits needs to prepare the visit, and billing to lock its price; the patient's words stay with booking.

    `state` is where the patient says they will be by video, where that is not at home.
    """

    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    kind: VisitKind
    visit_type: Code
    start: datetime
    end: datetime
    time_zone: str
    price_cents: Cents
    status: AppointmentStatus
    state: State | None = None


class AskSchedule(Ask, frozen=True, kw_only=True):
    """A day's list: a clinician's own, or an office's for its front desk and room team. `day` is local."""

    day: date
    office: UUID | None = None


class ScheduledAppointment(Answer, frozen=True, kw_only=True):
    """Logistics only: who, where, when."""

    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    kind: VisitKind
    start: datetime
    end: datetime
    status: AppointmentStatus


class Schedule(Answer, frozen=True, kw_only=True):
    """In order of time."""

    appointments: list[ScheduledAppointment]


FIND_OFFERS = operation(Operation("booking", "find-offers", FindOffers, Offers, roles=PATIENTS | {Role.FRONT_DESK}))
BOOK = operation(Operation("booking", "book", Book, Booked, command=True, roles=PATIENTS))
CANCEL = operation(
    Operation(
        "booking",
        "cancel",
        OfAppointment,
        AppointmentState,
        command=True,
        roles=PATIENTS | {Role.FRONT_DESK},
    ),
)
APPOINTMENT = operation(Operation("booking", "appointment", OfAppointment, Appointment, roles=RECORD))
APPOINTMENTS = operation(Operation("booking", "appointments", OfPatient, Appointments, roles=RECORD))
APPOINTMENT_FACTS = operation(
    Operation(
        "booking", "appointment-facts", OfAppointment, AppointmentFacts, services=frozenset({"billing", "visits"})
    ),
)
SCHEDULE = operation(
    Operation(
        "booking",
        "schedule",
        AskSchedule,
        Schedule,
        roles=frozenset({Role.CLINICIAN, Role.FRONT_DESK, Role.NURSE}),
    ),
)
