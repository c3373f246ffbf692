"""The rules of threads: who owes whom an answer until when, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from baton_events.codes import Party, ThreadKind
from shared.errors import Conflict, NotFound

REPLY_WITHIN = {
    ThreadKind.CARE: timedelta(hours=24),
    ThreadKind.CONSULT: timedelta(hours=4),
    ThreadKind.SUPPORT: timedelta(hours=1),
}
"""How long a patient's message may wait for an answer (design, section 4)."""

REPLY_TEAM = {ThreadKind.CARE: "care", ThreadKind.CONSULT: "care", ThreadKind.SUPPORT: "support"}
"""The team that owes the answer."""


@dataclass(frozen=True)
class ThreadCard:
    """What never changes about a thread."""

    id: UUID
    patient: UUID
    kind: ThreadKind


@dataclass(frozen=True)
class ThreadNow:
    """A thread as the open transaction sees it, with what its own rows prove about the caller."""

    card: ThreadCard
    sequence: int
    closed: bool
    erased: bool
    reply_owed: bool
    participants: frozenset[UUID]


def reply_owner(kind: ThreadKind) -> str:
    """Who owes the answer, as handoffs name owners."""
    return f"team:{REPLY_TEAM[kind]}"


def reply_due(kind: ThreadKind, now: datetime) -> datetime:
    """Until when a patient's message of this moment is to be answered."""
    return now + REPLY_WITHIN[kind]


def proven(thread: ThreadNow, person: UUID, party: Party, teams: frozenset[str]) -> bool:
    """Whether the thread's own rows let the person in.

    The patient, a participant, and the team that owes the patient an answer as long as it is owed.
    """
    if party is Party.PATIENT:
        return person == thread.card.patient
    return person in thread.participants or (thread.reply_owed and REPLY_TEAM[thread.card.kind] in teams)


class ThreadIsClosed(Conflict):
    """This thread is closed and stays readable. Open a new one to write again."""

    code = "thread-closed"


class NoSuchThread(NotFound):
    """There is no such thread that you can open. Look at your threads, or ask the practice."""

    code = "no-such-thread"


class NothingToAnswer(Conflict):
    """The patient's last message has been answered already, so there is nothing to mark."""

    code = "nothing-to-answer"


class NotYetWritten(Conflict):
    """The thread does not reach that far yet. Mark what you have seen."""

    code = "not-yet-written"


class FollowUpNotOwed(Conflict):
    """No follow-up is owed by you for this visit: it was sent, declined, or belongs to another. Send without it."""

    code = "follow-up-not-owed"
