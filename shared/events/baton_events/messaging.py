"""What messaging publishes: threads, messages, follow-ups, consults, and requests for a person."""

from uuid import UUID

from baton_events.base import Event, published
from baton_events.codes import ContactChannel, Owner, Party, ThreadKind, Time


@published("messaging", "thread.opened", entity="thread")
class ThreadOpened(Event, frozen=True, kw_only=True):
    """A conversation began."""

    thread: UUID
    patient: UUID
    thread_kind: ThreadKind


@published("messaging", "message.sent", entity="thread")
class MessageSent(Event, frozen=True, kw_only=True):
    """A message stands in the thread; from a patient it opens a reply owed by `reply_due`.

    `assigned` is who of the team that owes it sees to the thread already.
    """

    message: UUID
    thread: UUID
    patient: UUID
    author: UUID
    author_party: Party
    thread_sequence: int
    reply_owner: Owner | None = None
    reply_due: Time | None = None
    assigned: UUID | None = None


@published("messaging", "message.read", entity="thread")
class MessageRead(Event, frozen=True, kw_only=True):
    """The reader has seen everything up to `thread_sequence`."""

    thread: UUID
    patient: UUID
    reader: UUID
    reader_party: Party
    thread_sequence: int


@published("messaging", "message.corrected", entity="thread")
class MessageCorrected(Event, frozen=True, kw_only=True):
    """The author wrote the message anew; `revision` 1 is the first correction. What stood before is kept."""

    message: UUID
    thread: UUID
    patient: UUID
    author: UUID
    thread_sequence: int
    revision: int


@published("messaging", "message.retracted", entity="thread")
class MessageRetracted(Event, frozen=True, kw_only=True):
    """The author took the message back; its place in the thread stays and what it said is kept for the record."""

    message: UUID
    thread: UUID
    patient: UUID
    author: UUID
    thread_sequence: int


@published("messaging", "thread.claimed", entity="thread")
class ThreadClaimed(Event, frozen=True, kw_only=True):
    """A member of the team sees to the thread, and to the question or the consult that waits for an answer in it.

    In a consult they treat the patient from now on by `relationship`.
    """

    thread: UUID
    patient: UUID
    claimed_by: UUID
    question: UUID | None = None
    consult: UUID | None = None
    relationship: UUID | None = None


@published("messaging", "thread.handed-over", entity="thread")
class ThreadHandedOver(Event, frozen=True, kw_only=True):
    """Somebody else sees to the thread from now on: the owner, of whose team it is `assigned` to one.

    An answer that is owed is owed by them, to what the patient wrote until `reply_due`, to the question until
    `answer_due`, to the request for the consult until `consult_due`. In a consult whom it is assigned to treats the
    patient from now on by `relationship`.
    """

    thread: UUID
    patient: UUID
    handed_over_by: UUID
    owner: Owner
    reply_due: Time | None = None
    assigned: UUID | None = None
    question: UUID | None = None
    answer_due: Time | None = None
    consult: UUID | None = None
    consult_due: Time | None = None
    relationship: UUID | None = None


@published("messaging", "thread.released", entity="thread")
class ThreadReleased(Event, frozen=True, kw_only=True):
    """The thread goes back to its team; an answer that is owed is owed by them, as when it is handed over."""

    thread: UUID
    patient: UUID
    released_by: UUID
    owner: Owner
    reply_due: Time | None = None
    question: UUID | None = None
    answer_due: Time | None = None
    consult: UUID | None = None
    consult_due: Time | None = None


@published("messaging", "thread.erased", entity="thread")
class ThreadErased(Event, frozen=True, kw_only=True):
    """The thread's keys are destroyed: nothing in it can be read again."""

    thread: UUID
    patient: UUID


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
    """A patient asks a chosen provider to treat them by message, who treats them from now on by `relationship`."""

    consult: UUID
    thread: UUID
    patient: UUID
    clinician: UUID
    answer_owner: Owner
    answer_due: Time
    relationship: UUID | None = None
    quote: UUID | None = None


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


@published("messaging", "plan.given", entity="consult")
class PlanGiven(Event, frozen=True, kw_only=True):
    """The provider gave a treatment plan, or a new version of it; the first one begins the follow-up days."""

    consult: UUID
    thread: UUID
    patient: UUID
    clinician: UUID
    version: int


@published("messaging", "plan.acknowledged", entity="consult")
class PlanAcknowledged(Event, frozen=True, kw_only=True):
    """The patient has read this version of the plan and says so."""

    consult: UUID
    patient: UUID
    acknowledged_by: UUID
    version: int


@published("messaging", "consult.ending", entity="consult")
class ConsultEnding(Event, frozen=True, kw_only=True):
    """The follow-up days end at `ends` unless the practice owes an answer then."""

    consult: UUID
    thread: UUID
    patient: UUID
    ends: Time


@published("messaging", "consult.ended", entity="consult")
class ConsultEnded(Event, frozen=True, kw_only=True):
    """The follow-up days are over; the thread stays readable."""

    consult: UUID
    thread: UUID
    patient: UUID


@published("messaging", "question.asked", entity="question")
class QuestionAsked(Event, frozen=True, kw_only=True):
    """A question to the practice; a person answers by `answer_due`. Said again when the patient asks again meanwhile.

    `assigned` is who of the owner's team sees to its thread already.
    """

    question: UUID
    thread: UUID
    patient: UUID
    answer_owner: Owner
    answer_due: Time
    assigned: UUID | None = None


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
    """The patient wants a person, who joins by `join_due`. Said again when the patient asks again meanwhile."""

    request: UUID
    patient: UUID
    join_owner: Owner
    join_due: Time


@published("messaging", "contact.logged", entity="contact")
class ContactLogged(Event, frozen=True, kw_only=True):
    """A call, a mail or a word at the desk was written down for the patient, by staff."""

    contact: UUID
    patient: UUID
    logged_by: UUID
    channel: ContactChannel
    origin: Party


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
