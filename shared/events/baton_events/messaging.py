"""What messaging publishes: threads, messages, follow-ups, consults, and requests for a person."""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import Owner, Party, ThreadKind, Time


@published("messaging", "thread.opened", entity="thread")
class ThreadOpened(Event, frozen=True, kw_only=True):
    """A conversation began."""

    thread: UUID
    patient: UUID
    thread_kind: ThreadKind


@published("messaging", "message.sent", entity="thread")
class MessageSent(Event, frozen=True, kw_only=True):
    """A message stands in the thread; from a patient it opens a reply owed by `reply_due`."""

    message: UUID
    thread: UUID
    patient: UUID
    author: UUID
    author_party: Party
    thread_sequence: int
    reply_owner: Owner | None = None
    reply_due: Time | None = None


@published("messaging", "message.read", entity="thread")
class MessageRead(Event, frozen=True, kw_only=True):
    """The reader has seen everything up to `thread_sequence`."""

    thread: UUID
    patient: UUID
    reader: UUID
    reader_party: Party
    thread_sequence: int


@published("messaging", "reply.not-needed", entity="thread")
class ReplyNotNeeded(Event, frozen=True, kw_only=True):
    """Staff read the patient's last message and it asks for no answer."""

    thread: UUID
    patient: UUID
    decided_by: UUID


@published("messaging", "thread.closed", entity="thread")
class ThreadClosed(Event, frozen=True, kw_only=True):
    """Nothing more is written in the thread; it stays readable."""

    thread: UUID
    patient: UUID


@published("messaging", "follow-up.sent", entity="visit")
class FollowUpSent(Event, frozen=True, kw_only=True):
    """The clinician who saw the patient wrote to them after the visit."""

    visit: UUID
    patient: UUID
    author: UUID
    author_owner: Owner
    thread: UUID
    message: UUID


@published("messaging", "consult.requested", entity="consult")
class ConsultRequested(Event, frozen=True, kw_only=True):
    """A patient asks a chosen provider to treat them by message."""

    consult: UUID
    thread: UUID
    patient: UUID
    clinician: UUID
    answer_owner: Owner
    answer_due: Time


@published("messaging", "consult.answered", entity="consult")
class ConsultAnswered(Event, frozen=True, kw_only=True):
    """The provider gave their first answer."""

    consult: UUID
    patient: UUID
    clinician: UUID


@published("messaging", "consult.declined", entity="consult")
class ConsultDeclined(Event, frozen=True, kw_only=True):
    """The provider cannot treat this by message; the next one is offered."""

    consult: UUID
    patient: UUID
    clinician: UUID


@published("messaging", "consult.withdrawn", entity="consult")
class ConsultWithdrawn(Event, frozen=True, kw_only=True):
    """The patient took the request back."""

    consult: UUID
    patient: UUID


@published("messaging", "question.asked", entity="question")
class QuestionAsked(Event, frozen=True, kw_only=True):
    """A question for support; a person answers by `answer_due`."""

    question: UUID
    thread: UUID
    patient: UUID
    answer_owner: Owner
    answer_due: Time


@published("messaging", "question.answered", entity="question")
class QuestionAnswered(Event, frozen=True, kw_only=True):
    """Support answered."""

    question: UUID
    patient: UUID
    answered_by: UUID


@published("messaging", "question.withdrawn", entity="question")
class QuestionWithdrawn(Event, frozen=True, kw_only=True):
    """The patient no longer asks."""

    question: UUID
    patient: UUID


@published("messaging", "person.requested", entity="request")
class PersonRequested(Event, frozen=True, kw_only=True):
    """The patient wants a person, who joins by `join_due`."""

    request: UUID
    patient: UUID
    join_owner: Owner
    join_due: Time


@published("messaging", "person.joined", entity="request")
class PersonJoined(Event, frozen=True, kw_only=True):
    """A person is with the patient."""

    request: UUID
    patient: UUID
    joined_by: UUID


@published("messaging", "person.request-withdrawn", entity="request")
class PersonRequestWithdrawn(Event, frozen=True, kw_only=True):
    """The patient no longer waits for a person."""

    request: UUID
    patient: UUID
