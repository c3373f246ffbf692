"""What booking is asked of the waitlist: to wait for a time, to change or leave it, to take the time that came."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from baton_events.codes import VisitKind
from shared.requests.booking import PATIENTS, AppointmentStatus
from shared.requests.common import Cents, Code, Moment, OfPatient, State, TimeOfDay, Weekday, Words
from shared.requests.declare import Answer, Ask, Done, Operation, operation

Days = Annotated[list[Weekday], Meta(max_length=7)]
Token = Annotated[int, Meta(ge=1, le=2**62, description="Rises each time a time is offered; only the newest counts.")]


class WaitStatus(StrEnum):
    """Where a wait stands; `left` also when what it waited for is past."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    LEFT = "left"


class Wait(Ask, frozen=True, kw_only=True):
    """Why the patient wants to be seen, what they would rather have, and until when they wait for such a time.

    With `instead_of` they wait for a time earlier than that appointment, which then moves there; its reason and kind
    of visit go along. The others are those of asking for offers.
    """

    until: Moment
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
    days: Days = []


class ChangeWait(Ask, frozen=True, kw_only=True):
    """What they would rather have from now on, in place of all that was said before.

    Their place in the list stays; so does a time that is theirs to take at the moment, for as long as it was.
    """

    wait: UUID
    until: Moment
    office: UUID | None = None
    clinician: UUID | None = None
    kind: VisitKind | None = None
    earliest: Moment | None = None
    latest: Moment | None = None
    after: TimeOfDay | None = None
    before: TimeOfDay | None = None
    days: Days = []


class OfWait(Ask, frozen=True, kw_only=True):
    """A question about, or a change of, one wait."""

    wait: UUID


class WaitState(Done, frozen=True, kw_only=True):
    """Where the wait stands."""

    wait: UUID
    status: WaitStatus
    until: datetime


class Claim(Answer, frozen=True, kw_only=True):
    """A time that is theirs alone to take until `lapses_at`, at this price."""

    claim: UUID
    token: Token
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
    lapses_at: datetime


class Waited(Answer, frozen=True, kw_only=True):
    """What the patient waits for, in their own words, and the time that came, while it is theirs."""

    wait: UUID
    patient: UUID
    reason: str
    visit_type: Code
    instead_of: UUID | None
    office: UUID | None
    clinician: UUID | None
    kind: VisitKind | None
    earliest: datetime | None
    latest: datetime | None
    after: str | None
    before: str | None
    days: list[int]
    joined_at: datetime
    until: datetime
    claim: Claim | None


class Waits(Answer, frozen=True, kw_only=True):
    """In the order of joining."""

    waits: list[Waited]


class ClaimTime(Ask, frozen=True, kw_only=True):
    """Take the time; `claim` and `token` as they were shown."""

    claim: UUID
    token: Token


class TimeClaimed(Done, frozen=True, kw_only=True):
    """The time is taken and the wait is over; a wait instead of an appointment has moved that one."""

    wait: UUID
    claim: UUID
    appointment: UUID
    clinician: UUID
    office: UUID
    kind: VisitKind
    start: datetime
    end: datetime
    status: AppointmentStatus


WAIT = operation(Operation("booking", "wait", Wait, WaitState, command=True, roles=PATIENTS))
CHANGE_WAIT = operation(Operation("booking", "change-wait", ChangeWait, WaitState, command=True, roles=PATIENTS))
LEAVE_WAITLIST = operation(Operation("booking", "leave-waitlist", OfWait, WaitState, command=True, roles=PATIENTS))
WAITING = operation(Operation("booking", "waiting", OfPatient, Waits, roles=PATIENTS))
CLAIM_TIME = operation(Operation("booking", "claim-time", ClaimTime, TimeClaimed, command=True, roles=PATIENTS))
