"""What messaging is asked about who sees to a thread: claim it, hand it over, release it; staff's inbox."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from baton_events.codes import ThreadKind
from shared.requests.common import ShortWords
from shared.requests.declare import Answer, Ask, Done, Operation, operation
from shared.requests.messaging import SEES_TO, THREAD, Cursor, OfThread

Team = Literal["care", "clinicians-on-call", "support"]


class HandOver(Ask, frozen=True, kw_only=True):
    """Have somebody else see to the thread: a member of its team, or another team; say why."""

    thread: UUID
    to_person: UUID | None = None
    to_team: Team | None = None
    reason: ShortWords


class ThreadCustody(Done, frozen=True, kw_only=True):
    """Who sees to the thread now: a person of the team, or nobody in particular."""

    thread: UUID
    assigned: UUID | None
    team: str


class CustodyStep(Answer, frozen=True, kw_only=True):
    """How the thread came from some to others; `person` did it."""

    number: int
    how: Literal["claimed", "handed-over", "released"]
    at: datetime
    person: UUID
    from_person: UUID | None
    from_team: str
    to_person: UUID | None
    to_team: str
    reason: str | None


class CustodyHistory(Answer, frozen=True, kw_only=True):
    """Who sees to the thread, and everybody who did; earliest first."""

    thread: UUID
    assigned: UUID | None
    team: str
    steps: list[CustodyStep]


class AskInbox(Ask, frozen=True, kw_only=True):
    """A page of the threads that are the caller's or their teams' to see to."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    before: Cursor | None = None


class InboxThread(Answer, frozen=True, kw_only=True):
    """A thread in an inbox; one that the caller may not open yet says neither whose it is nor how much was written.

    `due` is until when an answer is promised, none when none is owed.
    """

    thread: UUID
    kind: ThreadKind
    team: str
    assigned: UUID | None
    due: datetime | None
    last_at: datetime
    opens: bool
    patient: UUID | None
    sequence: int | None
    unread: int | None


class Inbox(Answer, frozen=True, kw_only=True):
    """What is owed first, by its promise; then the latest written. `before` is the cursor of the next page."""

    threads: list[InboxThread]
    before: str | None


CLAIM = operation(Operation("messaging", "claim-thread", OfThread, ThreadCustody, command=True, roles=SEES_TO))
HAND_OVER = operation(Operation("messaging", "hand-over-thread", HandOver, ThreadCustody, command=True, roles=SEES_TO))
RELEASE = operation(Operation("messaging", "release-thread", OfThread, ThreadCustody, command=True, roles=SEES_TO))
CUSTODY = operation(Operation("messaging", "thread-custody", OfThread, CustodyHistory, roles=THREAD))
INBOX = operation(Operation("messaging", "inbox", AskInbox, Inbox, roles=SEES_TO))
