"""What messaging is asked about conditions treated by message: the catalogue, the form, a consult and its plan."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta

from shared.identity.people import Role
from shared.requests.booking import EmergencyGuidance
from shared.requests.common import Cents, Code, OfPatient, ShortWords, State, Words
from shared.requests.declare import Answer, Ask, Done, Operation, operation

PATIENTS = frozenset({Role.PATIENT, Role.PROXY})
CLINICIANS = frozenset({Role.CLINICIAN})
MOST_QUESTIONS = 60
LARGEST = 64 * 1024

Version = Annotated[int, Meta(ge=1, le=1000)]
NotTreated = Literal["too-young", "too-old", "state", "nobody-there"]
Instead = Literal["emergency", "person", "visit"]


class Quantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number with its unit."""

    value: float
    unit: str


Given: TypeAlias = bool | str | list[str] | Quantity
"""Yes or no; an option or words; options or photos; a number with its unit."""

GivenAnswers = Annotated[dict[str, Given], Meta(max_length=MOST_QUESTIONS)]
"""Answers by the code of their question."""


class ConsultStatus(StrEnum):
    """Where a consult stands. `stopped`: its answers need a person or a visit, and it was never begun."""

    REQUESTED = "requested"
    ANSWERED = "answered"
    TREATED = "treated"
    ENDED = "ended"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


class ConditionShown(Answer, frozen=True, kw_only=True):
    """A condition treated by message, for one patient: the lowest price where they are, or why it is not for them."""

    condition: Code
    name: str
    about: str
    kind: Literal["new", "renewal"]
    message_price_from_cents: Cents | None
    visit_type: Code
    visit_price_cents: Cents
    not_for: list[NotTreated]


class Conditions(Answer, frozen=True, kw_only=True):
    """The catalogue, by name."""

    conditions: list[ConditionShown]


class CheckIntake(Ask, frozen=True, kw_only=True):
    """How a form stands with these answers."""

    patient: UUID
    condition: Code
    answers: GivenAnswers = {}


class OptionShown(Answer, frozen=True, kw_only=True):
    """Something to choose; `alone` goes with no other."""

    code: Code
    text: str
    alone: bool


class QuestionShown(Answer, frozen=True, kw_only=True):
    """A question to ask now. Which of the bounds it has follows from its type.

    A number lies between `least` and `most` and has so many `decimals`; words have at most `longest` characters;
    of options and photos there are at least `fewest` and at most `most`.
    """

    code: Code
    type: Literal["yes-no", "choice", "choices", "number", "text", "photos"]
    asks: str
    optional: bool
    options: list[OptionShown] = []
    unit: str | None = None
    fewest: int | None = None
    least: float | None = None
    most: float | None = None
    decimals: int | None = None
    longest: int | None = None


class StopShown(Answer, frozen=True, kw_only=True):
    """Something that stops the form: what the patient reads, and what is offered instead."""

    code: Code
    says: str
    offers: Instead


class VisitInstead(Answer, frozen=True, kw_only=True):
    """The visit for the same condition: the kind to book, and its price."""

    visit_type: Code
    name: str
    price_cents: Cents


class IntakeStanding(Answer, frozen=True, kw_only=True):
    """What to ask next, in order; or why the form has stopped, and what is offered instead. Nothing of it is kept."""

    outcome: Literal["asking", "complete", "red-flag", "unsuitable"]
    ask: list[QuestionShown]
    stopped: list[StopShown]
    offers: Instead | None
    emergency: EmergencyGuidance | None
    visit: VisitInstead


class FindProviders(Ask, frozen=True, kw_only=True):
    """Who treats the patient's condition by message. `instead_of` is a consult that was declined or withdrawn."""

    patient: UUID
    condition: Code | None = None
    instead_of: UUID | None = None


class ProviderOffer(Answer, frozen=True, kw_only=True):
    """A clinician who would treat the patient, at a price that is kept until `lapses_at`; `offer` is its quote.

    `reply_minutes` is the time within which they gave four of five recent first answers, `measured_from` how many of
    them; none where there are too few to tell.
    """

    offer: UUID
    clinician: UUID
    name: str
    credential: str
    licensed_in: list[State]
    price_cents: Cents
    own: bool
    reply_minutes: int | None
    measured_from: int
    why: str
    lapses_at: datetime


class Providers(Answer, frozen=True, kw_only=True):
    """Best first; no offers where the condition is not treated by message for this patient. Then there is the visit."""

    condition: Code
    name: str
    not_for: list[NotTreated]
    offers: list[ProviderOffer]
    visit: VisitInstead


class RequestConsult(Ask, frozen=True, kw_only=True):
    """Have the chosen provider treat the patient. Without `answers`, those given before count."""

    offer: UUID
    answers: GivenAnswers | None = None


class ConsultAsked(Done, frozen=True, kw_only=True):
    """What became of it: a thread with an answer due, or a person on their way, or nothing but what CONSULT shows."""

    consult: UUID
    outcome: Literal["requested", "red-flag", "unsuitable"]
    thread: UUID | None = None
    answer_due: datetime | None = None
    person_request: UUID | None = None
    join_due: datetime | None = None


class AskConsult(Ask, frozen=True, kw_only=True):
    """One consult, with its latest plans; older ones are those `before` a version."""

    consult: UUID
    before: Version | None = None


class OfClinician(Ask, frozen=True, kw_only=True):
    """The consults the caller sees to."""


class ToldAnswer(Answer, frozen=True, kw_only=True):
    """A question of the form as it was asked, and what the patient said."""

    code: Code
    asks: str
    said: str


class Plan(Answer, frozen=True, kw_only=True):
    """A version of the treatment plan, and who acknowledged it when."""

    version: int
    diagnosis: str
    plan: str
    steps: list[str]
    author: UUID
    at: datetime
    acknowledged_by: UUID | None
    acknowledged_at: datetime | None


class Declined(Answer, frozen=True, kw_only=True):
    """Why the provider does not treat this by message, and what they offer instead."""

    reason: str
    offers: Literal["provider", "visit", "person"]
    at: datetime


class Provider(Answer, frozen=True, kw_only=True):
    """A clinician with their credential and where they are licensed."""

    clinician: UUID
    name: str
    credential: str
    licensed_in: list[State]


class Window(Answer, frozen=True, kw_only=True):
    """The follow-up days: until when the patient may write, or since when they stand still or are over."""

    ends_at: datetime | None
    paused_since: datetime | None
    ended_at: datetime | None


class Consult(Answer, frozen=True, kw_only=True):
    """A consult, opened for the caller: newest plan first; `before` is the cursor for older ones."""

    consult: UUID
    patient: UUID
    condition: Code
    condition_name: str
    status: ConsultStatus
    version: int
    chosen: Provider
    sees_to_it: Provider | None
    quote: UUID
    thread: UUID | None
    requested_at: datetime
    answer_due: datetime | None
    answered_at: datetime | None
    told: list[ToldAnswer]
    stopped: list[StopShown]
    person_request: UUID | None
    declined: Declined | None
    instead_of: UUID | None
    visit: VisitInstead | None
    plans: list[Plan]
    before: int | None
    window: Window | None


class ConsultLine(Answer, frozen=True, kw_only=True):
    """A consult as the patient's list shows it."""

    consult: UUID
    condition: Code
    condition_name: str
    status: ConsultStatus
    version: int
    clinician: UUID
    thread: UUID | None
    requested_at: datetime
    answer_due: datetime | None


class ConsultLines(Answer, frozen=True, kw_only=True):
    """Newest first."""

    consults: list[ConsultLine]


class OwedConsult(Answer, frozen=True, kw_only=True):
    """A consult as its clinician's list shows it, without what it is about."""

    consult: UUID
    patient: UUID
    thread: UUID
    status: ConsultStatus
    version: int
    requested_at: datetime
    answer_due: datetime


class OwedConsults(Answer, frozen=True, kw_only=True):
    """Those waiting for a first answer first, the most urgent of them first."""

    consults: list[OwedConsult]


class GivePlan(Ask, frozen=True, kw_only=True):
    """The treatment plan made for this patient. `version` is one more than the newest there is."""

    consult: UUID
    version: Version
    diagnosis: ShortWords
    plan: Words
    steps: Annotated[list[ShortWords], Meta(max_length=20)] = []


class Acknowledge(Ask, frozen=True, kw_only=True):
    """The patient has read this version of the plan, which is the newest."""

    consult: UUID
    version: Version


class Decline(Ask, frozen=True, kw_only=True):
    """This cannot be treated by message, or not by this clinician: why, and what the patient is offered instead."""

    consult: UUID
    reason: Words
    offers: Literal["provider", "visit", "person"] = "provider"


class OfConsult(Ask, frozen=True, kw_only=True):
    """A change of one consult."""

    consult: UUID


class ConsultState(Done, frozen=True, kw_only=True):
    """Where the consult stands; `version` is the newest plan's, 0 before the first."""

    consult: UUID
    status: ConsultStatus
    version: int
    person_request: UUID | None = None


CONDITIONS = operation(Operation("messaging", "conditions", OfPatient, Conditions, roles=PATIENTS))
CHECK_INTAKE = operation(
    Operation("messaging", "check-intake", CheckIntake, IntakeStanding, roles=PATIENTS, largest=LARGEST),
)
FIND_PROVIDERS = operation(Operation("messaging", "find-providers", FindProviders, Providers, roles=PATIENTS))
REQUEST_CONSULT = operation(
    Operation(
        "messaging", "request-consult", RequestConsult, ConsultAsked, command=True, roles=PATIENTS, largest=LARGEST
    ),
)
CONSULT = operation(Operation("messaging", "consult", AskConsult, Consult, roles=PATIENTS | CLINICIANS))
CONSULTS = operation(Operation("messaging", "consults", OfPatient, ConsultLines, roles=PATIENTS | CLINICIANS))
MY_CONSULTS = operation(Operation("messaging", "my-consults", OfClinician, OwedConsults, roles=CLINICIANS))
GIVE_PLAN = operation(
    Operation("messaging", "give-plan", GivePlan, ConsultState, command=True, roles=CLINICIANS, largest=LARGEST),
)
ACKNOWLEDGE = operation(
    Operation("messaging", "acknowledge-plan", Acknowledge, ConsultState, command=True, roles=PATIENTS),
)
DECLINE = operation(
    Operation("messaging", "decline-consult", Decline, ConsultState, command=True, roles=CLINICIANS, largest=32 * 1024),
)
WITHDRAW = operation(
    Operation("messaging", "withdraw-consult", OfConsult, ConsultState, command=True, roles=PATIENTS),
)
