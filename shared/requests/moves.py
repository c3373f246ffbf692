"""What booking is asked of appointments that move or were missed, and of what a calendar shows of them."""

from datetime import datetime
from uuid import UUID

from baton_events.codes import VisitKind
from shared.identity.people import Role
from shared.requests.booking import PATIENTS, AppointmentState, AppointmentStatus, OfAppointment
from shared.requests.common import Content
from shared.requests.declare import Ask, Done, Operation, operation


class Reschedule(Ask, frozen=True, kw_only=True):
    """Move the appointment to an offer that was found with `instead_of` naming it."""

    appointment: UUID
    offer: str


class Rescheduled(Done, frozen=True, kw_only=True):
    """The appointment keeps its id and has its new time; `sequence` counts its changes."""

    appointment: UUID
    clinician: UUID
    office: UUID
    kind: VisitKind
    start: datetime
    end: datetime
    status: AppointmentStatus
    sequence: int


class CheckLicences(Ask, frozen=True, kw_only=True):
    """Nothing: all that is booked is meant."""


class LicencesChecked(Done, frozen=True, kw_only=True):
    """The licences of those booked are asked for from then on, and every day."""

    at: datetime


RESCHEDULE = operation(
    Operation("booking", "reschedule", Reschedule, Rescheduled, command=True, roles=PATIENTS | {Role.FRONT_DESK}),
)
SETTLE_NO_SHOW = operation(
    Operation(
        "booking",
        "settle-no-show",
        OfAppointment,
        AppointmentState,
        command=True,
        roles=frozenset({Role.FRONT_DESK, Role.SUPPORT, Role.CLINICIAN}),
    ),
)
CALENDAR = operation(
    Operation("booking", "calendar", OfAppointment, Content, roles=PATIENTS | {Role.CLINICIAN, Role.FRONT_DESK}),
)
CHECK_LICENCES = operation(
    Operation(
        "booking",
        "check-licences",
        CheckLicences,
        LicencesChecked,
        command=True,
        roles=frozenset({Role.OPS, Role.FRONT_DESK}),
    ),
)
