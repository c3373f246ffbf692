"""What messaging is asked about people: one who joins, and what was said outside the app."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from baton_events.codes import ContactChannel
from shared.identity.people import Role
from shared.requests.common import Code, Moment, OfPatient, Words
from shared.requests.declare import Answer, Ask, Done, Operation, operation

PATIENTS = frozenset({Role.PATIENT, Role.PROXY})
JOINING = frozenset({Role.SUPPORT, Role.CLINICIAN, Role.NURSE})
LOGGING = JOINING | {Role.FRONT_DESK, Role.PHARMACIST}

Side = Literal["patient", "staff"]


class About(StrEnum):
    """Whom a question is for: the practice's service, or somebody who treats."""

    SERVICE = "service"
    CARE = "care"


class Doing(Ask, frozen=True, kw_only=True):
    """What the patient is doing in the app: `place` is the app's own code for it, the ids are of what is open there."""

    place: Code
    appointment: UUID | None = None
    visit: UUID | None = None
    prescription: UUID | None = None
    consult: UUID | None = None
    thread: UUID | None = None


class RequestPerson(Ask, frozen=True, kw_only=True):
    """Have a person come. Words that sound like an emergency go to the clinician on call, whatever they are about."""

    patient: UUID
    about: About
    context: Doing
    words: Words | None = None


class Guidance(Answer, frozen=True, kw_only=True):
    """The practice's words for whoever may be in an emergency; `call` is the number to call."""

    title: str
    text: str
    call: str


class MetEmergency(Answer, frozen=True, kw_only=True):
    """What was written sounds like an emergency: read `guidance` at once; somebody is called by `request`."""

    request: UUID
    join_due: datetime
    guidance: Guidance


class PersonRequested(Done, frozen=True, kw_only=True):
    """A person joins the thread by `join_due`; the one asked for before, where one is still waited for."""

    request: UUID
    thread: UUID
    join_due: datetime
    emergency: Guidance | None = None


class OfRequest(Ask, frozen=True, kw_only=True):
    """One request for a person."""

    request: UUID


class PersonState(Done, frozen=True, kw_only=True):
    """Where the request stands."""

    request: UUID
    thread: UUID
    joined_by: UUID | None
    withdrawn: bool


class AskRequests(Ask, frozen=True, kw_only=True):
    """With a patient, their requests; without, what the caller's teams may join, or the caller's own."""

    patient: UUID | None = None


class PersonRequest(Answer, frozen=True, kw_only=True):
    """A request for a person, without its context."""

    request: UUID
    patient: UUID
    thread: UUID
    owner: str
    since: datetime
    due: datetime
    joined_by: UUID | None
    joined_at: datetime | None
    withdrawn: bool


class PersonRequests(Answer, frozen=True, kw_only=True):
    """For staff the most urgent first, for a patient the latest first."""

    requests: list[PersonRequest]


class Told(Answer, frozen=True, kw_only=True):
    """What the patient was doing when they asked."""

    at: datetime
    by: UUID
    place: str | None = None
    appointment: UUID | None = None
    visit: UUID | None = None
    prescription: UUID | None = None
    consult: UUID | None = None
    thread: UUID | None = None
    message: UUID | None = None
    words: str | None = None


class PersonContext(Answer, frozen=True, kw_only=True):
    """A request with its context: each time the patient asked, earliest first."""

    request: PersonRequest
    told: list[Told]


class LogContact(Ask, frozen=True, kw_only=True):
    """Write down a call, a mail or a word at the desk. `origin` is who reached out.

    A patient's question that is not `answered` is owed an answer: by `call_back_by` where that was promised, else as
    soon as one in a thread. `answers` names the open question that it is about, and settles it when `answered`.
    """

    patient: UUID
    channel: ContactChannel
    origin: Side
    about: About = About.SERVICE
    words: Words
    answered: bool
    call_back_by: Moment | None = None
    answers: UUID | None = None


class ContactLogged(Done, frozen=True, kw_only=True):
    """It is written down; `question` is what is owed an answer by `answer_due`, in `thread`."""

    contact: UUID
    question: UUID | None = None
    thread: UUID | None = None
    answer_due: datetime | None = None


class ReadContacts(OfPatient, frozen=True, kw_only=True):
    """A page of a patient's log, newest first, of entries before the entry `before`."""

    before: UUID | None = None
    limit: Annotated[int, Meta(ge=1, le=40)] = 40


class Contact(Answer, frozen=True, kw_only=True):
    """One entry; no words where their thread was erased."""

    contact: UUID
    logged_by: UUID
    channel: ContactChannel
    origin: Side
    words: str | None
    answered: bool
    call_back_by: datetime | None
    question: UUID | None
    thread: UUID | None
    at: datetime


class Contacts(Answer, frozen=True, kw_only=True):
    """Newest first; `before` is the cursor for the next page, none at the beginning of the log."""

    patient: UUID
    contacts: list[Contact]
    before: UUID | None


class AskQuestions(Ask, frozen=True, kw_only=True):
    """The open questions of the caller's teams."""


class Question(Answer, frozen=True, kw_only=True):
    """A question that is owed an answer, without what it says."""

    question: UUID
    patient: UUID
    thread: UUID
    owner: str
    asked_at: datetime
    due: datetime


class Questions(Answer, frozen=True, kw_only=True):
    """Most urgent first."""

    questions: list[Question]


REQUEST_PERSON = operation(
    Operation("messaging", "request-person", RequestPerson, PersonRequested, command=True, roles=PATIENTS),
)
WITHDRAW_PERSON = operation(
    Operation("messaging", "withdraw-person", OfRequest, PersonState, command=True, roles=PATIENTS),
)
JOIN_PERSON = operation(Operation("messaging", "join-person", OfRequest, PersonState, command=True, roles=JOINING))
PERSON_REQUESTS = operation(
    Operation("messaging", "person-requests", AskRequests, PersonRequests, roles=PATIENTS | JOINING),
)
PERSON_REQUEST = operation(
    Operation("messaging", "person-request", OfRequest, PersonContext, roles=PATIENTS | JOINING),
)
LOG_CONTACT = operation(Operation("messaging", "log-contact", LogContact, ContactLogged, command=True, roles=LOGGING))
CONTACTS = operation(Operation("messaging", "contacts", ReadContacts, Contacts, roles=PATIENTS | LOGGING))
QUESTIONS = operation(Operation("messaging", "questions", AskQuestions, Questions, roles=JOINING))
