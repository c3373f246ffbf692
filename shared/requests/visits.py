"""What visits is asked: check-in, start, orders, the end of a visit, what is due."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.identity.people import Role
from shared.requests.booking import OfAppointment
from shared.requests.common import Code, OfPatient, ShortWords, State, Words
from shared.requests.declare import Answer, Ask, Done, Operation, operation

PATIENTS = frozenset({Role.PATIENT, Role.PROXY})
RECORD = PATIENTS | {Role.CLINICIAN, Role.NURSE}
CLINICIAN = frozenset({Role.CLINICIAN})
LAB = frozenset({Role.LAB_TECH})


class VisitStatus(StrEnum):
    """FHIR R4 Encounter.status, the words this practice uses."""

    PLANNED = "planned"
    ARRIVED = "arrived"
    IN_PROGRESS = "in-progress"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class OrderStatus(StrEnum):
    """FHIR R4 Task.status, the words this practice uses."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class CheckIn(OfAppointment, frozen=True, kw_only=True):
    """The patient is here; by video in that `state`, where it is another than they said when they booked."""

    state: State | None = None


class OfVisit(Ask, frozen=True, kw_only=True):
    """A question about, or a change of, one visit."""

    visit: UUID


class VisitState(Done, frozen=True, kw_only=True):
    """Where the visit stands."""

    visit: UUID
    appointment: UUID
    status: VisitStatus


class EndVisit(Ask, frozen=True, kw_only=True):
    """The visit is over. With `follow_up`, or a reason that calls for it, the clinician owes a message that evening."""

    visit: UUID
    follow_up: bool


class VisitOver(Done, frozen=True, kw_only=True):
    """The visit is over; `follow_up_due` is when the clinician will have written, in UTC."""

    visit: UUID
    status: VisitStatus
    follow_up_due: datetime | None


class NextStep(Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who does what by when."""

    who: ShortWords
    what: ShortWords
    by: date | None = None


class Summarise(Ask, frozen=True, kw_only=True):
    """What happened and what comes next, for the patient to read."""

    visit: UUID
    summary: Words
    next_steps: list[NextStep] = []


class PlaceOrder(Ask, frozen=True, kw_only=True):
    """Something the lab team does in this visit, by the practice's code, with a note for them."""

    visit: UUID
    code: Code
    note: ShortWords | None = None


class OfOrder(Ask, frozen=True, kw_only=True):
    """A change of one order."""

    order: UUID


class CompleteOrder(Ask, frozen=True, kw_only=True):
    """Done: the lot number where there is one, and a note."""

    order: UUID
    lot: ShortWords | None = None
    note: ShortWords | None = None


class DeclineOrder(Ask, frozen=True, kw_only=True):
    """It cannot be done, and why."""

    order: UUID
    reason: ShortWords


class OrderState(Done, frozen=True, kw_only=True):
    """Where the order stands."""

    order: UUID
    visit: UUID
    status: OrderStatus


class Order(Answer, frozen=True, kw_only=True):
    """An order with what it is."""

    order: UUID
    visit: UUID
    patient: UUID
    code: Code
    name: str
    note: str | None
    status: OrderStatus
    placed_at: datetime
    due: datetime
    lot: str | None = None
    outcome: str | None = None


class AskOrders(Ask, frozen=True, kw_only=True):
    """The open orders of the caller's lab teams."""


class Orders(Answer, frozen=True, kw_only=True):
    """Most urgent first."""

    orders: list[Order]


class DueItem(Answer, frozen=True, kw_only=True):
    """Something due by the practice's rules; `source` is where the rule comes from.

    `gap` names it once the practice has found it out by itself; `snoozed_until` is when the patient wants to hear of it
    again.
    """

    code: Code
    name: str
    why: str
    source: str
    last_done: date | None
    gap: UUID | None = None
    snoozed_until: datetime | None = None


class Due(Answer, frozen=True, kw_only=True):
    """What is due for the patient."""

    due: list[DueItem]


class ChecklistItem(Answer, frozen=True, kw_only=True):
    """One thing of the guidance to bring or do, which the patient can tick under its number `item`."""

    item: int
    text: str
    done: bool


class Opinion(Answer, frozen=True, kw_only=True):
    """How the patient says the visit went, from 1, very badly, to 5, very well."""

    score: int
    words: str | None


class Visit(Answer, frozen=True, kw_only=True):
    """A visit with all that was written around it.

    `due` is what can be done in a visit that is not over, looked up when one visit is asked for; null where that is
    not known now.
    """

    visit: UUID
    appointment: UUID
    patient: UUID
    clinician: UUID
    office: UUID
    status: VisitStatus
    start: datetime
    guidance: list[str]
    checklist: list[ChecklistItem]
    summary: str | None
    next_steps: list[NextStep]
    orders: list[Order]
    checked_in_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    opinion: Opinion | None = None
    follow_up_due: datetime | None = None
    due: list[DueItem] | None = None


class Visits(Answer, frozen=True, kw_only=True):
    """Newest first."""

    visits: list[Visit]


CHECK_IN = operation(Operation("visits", "check-in", CheckIn, VisitState, command=True, roles=PATIENTS))
LEAVE = operation(Operation("visits", "leave", OfVisit, VisitState, command=True, roles=PATIENTS))
START = operation(Operation("visits", "start", OfVisit, VisitState, command=True, roles=CLINICIAN))
END = operation(Operation("visits", "end", EndVisit, VisitOver, command=True, roles=CLINICIAN))
SUMMARISE = operation(Operation("visits", "summarise", Summarise, VisitState, command=True, roles=CLINICIAN))
DECLINE_FOLLOW_UP = operation(
    Operation("visits", "decline-follow-up", OfVisit, VisitState, command=True, roles=PATIENTS),
)
PLACE_ORDER = operation(Operation("visits", "place-order", PlaceOrder, OrderState, command=True, roles=CLINICIAN))
ACCEPT_ORDER = operation(Operation("visits", "accept-order", OfOrder, OrderState, command=True, roles=LAB))
COMPLETE_ORDER = operation(Operation("visits", "complete-order", CompleteOrder, OrderState, command=True, roles=LAB))
DECLINE_ORDER = operation(Operation("visits", "decline-order", DeclineOrder, OrderState, command=True, roles=LAB))
CANCEL_ORDER = operation(Operation("visits", "cancel-order", OfOrder, OrderState, command=True, roles=CLINICIAN))
ORDERS = operation(Operation("visits", "orders", AskOrders, Orders, roles=LAB))
DUE = operation(
    Operation("visits", "due", OfPatient, Due, roles=RECORD, on_behalf=frozenset({"booking"})),
)
VISIT = operation(Operation("visits", "visit", OfVisit, Visit, roles=RECORD))
VISITS = operation(Operation("visits", "visits", OfPatient, Visits, roles=RECORD))
