"""What messaging is asked: threads, messages in order, what is read and what is owed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from baton_events.codes import Party, ThreadKind
from shared.identity.people import Role
from shared.requests.attachments import MOST_IN_MESSAGE, Attached
from shared.requests.common import OfPatient, Sequence, Words
from shared.requests.declare import Answer, Ask, Done, Operation, operation
from shared.requests.people import MetEmergency

PATIENTS = frozenset({Role.PATIENT, Role.PROXY})
RECORD = PATIENTS | {Role.CLINICIAN, Role.NURSE}
CARE_STAFF = frozenset({Role.CLINICIAN, Role.NURSE})
THREAD = RECORD | {Role.SUPPORT}
SEES_TO = CARE_STAFF | {Role.SUPPORT}

DraftVersion = Annotated[int, Meta(ge=0, le=2**62, description="Later saved is greater; 0 where there is none.")]
Cursor = Annotated[str, Meta(min_length=1, max_length=80, description="Where the page before ended, as it was given.")]


class OpenThread(Ask, frozen=True, kw_only=True):
    """Begin a conversation. A patient opens their own; staff open one with a patient they treat."""

    patient: UUID
    kind: ThreadKind = ThreadKind.CARE


class ThreadOpen(Done, frozen=True, kw_only=True):
    """It is open."""

    thread: UUID


class Send(Ask, frozen=True, kw_only=True):
    """Write into the thread. `follow_up_of` names the visit whose owed follow-up this message is.

    `attachments` are files uploaded for this thread and finished. `draft` is the author's that this message was; it is
    removed, but not when `draft_version` is given and another device has saved a newer one.
    """

    thread: UUID
    text: Words
    follow_up_of: UUID | None = None
    attachments: Annotated[list[UUID], Meta(max_length=MOST_IN_MESSAGE)] = []
    draft: UUID | None = None
    draft_version: DraftVersion | None = None


class Sent(Done, frozen=True, kw_only=True):
    """It stands in the thread at `sequence`; where it sounds like an emergency, show what is said about that first."""

    message: UUID
    thread: UUID
    sequence: int
    at: datetime
    emergency: MetEmergency | None = None


class ReadMessages(Ask, frozen=True, kw_only=True):
    """A page of the thread, newest first, of messages before `before` (a sequence).

    Forty of the longest messages fit one answer.
    """

    thread: UUID
    before: Sequence | None = None
    limit: Annotated[int, Meta(ge=1, le=40)] = 40


class Delivery(StrEnum):
    """How far the caller's own message has come; one that is undelivered still leaves when the way is free again."""

    SENDING = "sending"
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "undelivered"


class Message(Answer, frozen=True, kw_only=True):
    """One message, opened for the caller, as it was corrected last; its words are gone where it was retracted.

    `delivery` stands on the caller's own messages.
    """

    message: UUID
    sequence: int
    author: UUID
    party: Party
    text: str
    at: datetime
    revision: int = 0
    corrected_at: datetime | None = None
    retracted_at: datetime | None = None
    delivery: Delivery | None = None
    attachments: list[Attached] = []


class Messages(Answer, frozen=True, kw_only=True):
    """Newest first; `before` is the cursor for the next page, none at the beginning of the thread."""

    thread: UUID
    messages: list[Message]
    before: int | None
    read_by_patient: int
    read_by_staff: int


class ReadThreads(OfPatient, frozen=True, kw_only=True):
    """A page of the patient's threads, those before the cursor `before`."""

    before: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 100


class Thread(Answer, frozen=True, kw_only=True):
    """A thread as a list shows it: who sees to it, and until when an answer is promised, where one is owed."""

    thread: UUID
    patient: UUID
    kind: ThreadKind
    closed: bool
    sequence: int
    unread: int
    last_at: datetime | None
    assigned: UUID | None = None
    due: datetime | None = None


class LastContact(Answer, frozen=True, kw_only=True):
    """Somebody of the staff was in contact with the patient, by `message` or the channel of a contact they logged."""

    person: UUID
    how: str
    at: datetime


class LastContacts(Answer, frozen=True, kw_only=True):
    """The last of each member of staff and way, latest first."""

    contacts: list[LastContact]


class Threads(Answer, frozen=True, kw_only=True):
    """Latest written first; `before` is the cursor of the next page, none at the end."""

    threads: list[Thread]
    before: str | None = None


class MarkRead(Ask, frozen=True, kw_only=True):
    """The caller has seen everything up to `sequence`."""

    thread: UUID
    sequence: Sequence


class OfThread(Ask, frozen=True, kw_only=True):
    """A change of one thread."""

    thread: UUID


class ThreadState(Done, frozen=True, kw_only=True):
    """Where the thread stands."""

    thread: UUID
    sequence: int
    closed: bool


class AskFollowUps(Ask, frozen=True, kw_only=True):
    """The follow-ups the caller owes."""


class FollowUp(Answer, frozen=True, kw_only=True):
    """A message owed to a patient after a visit."""

    visit: UUID
    patient: UUID
    due: datetime


class FollowUps(Answer, frozen=True, kw_only=True):
    """Most urgent first."""

    follow_ups: list[FollowUp]


OPEN_THREAD = operation(Operation("messaging", "open-thread", OpenThread, ThreadOpen, command=True, roles=RECORD))
SEND = operation(Operation("messaging", "send", Send, Sent, command=True, roles=THREAD))
MESSAGES = operation(Operation("messaging", "messages", ReadMessages, Messages, roles=THREAD))
THREADS = operation(Operation("messaging", "threads", ReadThreads, Threads, roles=RECORD))
LAST_CONTACTS = operation(Operation("messaging", "last-contacts", OfPatient, LastContacts, roles=RECORD))
MARK_READ = operation(Operation("messaging", "mark-read", MarkRead, ThreadState, command=True, roles=THREAD))
REPLY_NOT_NEEDED = operation(
    Operation("messaging", "reply-not-needed", OfThread, ThreadState, command=True, roles=SEES_TO),
)
CLOSE_THREAD = operation(Operation("messaging", "close-thread", OfThread, ThreadState, command=True, roles=SEES_TO))
ERASE_THREAD = operation(
    Operation(
        "messaging", "erase-thread", OfThread, ThreadState, command=True, roles=frozenset({Role.PRIVACY_OFFICER})
    ),
)
FOLLOW_UPS = operation(
    Operation("messaging", "follow-ups", AskFollowUps, FollowUps, roles=frozenset({Role.CLINICIAN})),
)
