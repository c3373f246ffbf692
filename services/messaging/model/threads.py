"""The rules of threads: who owes whom an answer until when, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from baton_events.codes import Party, ThreadKind
from shared.errors import Conflict, NotFound

REPLY_WITHIN = {ThreadKind.CARE: timedelta(hours=24), ThreadKind.CONSULT: timedelta(hours=4)}
"""How long a patient's message may wait for an answer (design, section 4); support answers questions instead."""

FIRST_TEAM = {ThreadKind.CARE: "care", ThreadKind.CONSULT: "care", ThreadKind.SUPPORT: "support"}
"""The team that sees to a thread until it is handed over to another."""

CARING = frozenset({"care", "clinicians-on-call"})
"""The teams whose members take part in threads; support sees to its own."""


@dataclass(frozen=True)
class ThreadCard:
    """What never changes about a thread."""

    id: UUID
    patient: UUID
    kind: ThreadKind


@dataclass(frozen=True)
class ThreadNow:
    """A thread as the open transaction sees it, with what its own rows prove about the caller.

    `assigned` is who sees to it, `team` the team that does as long as nobody is, `custody` how often that changed.
    `reply_due` is until when the patient was promised an answer to what they wrote, none when none is owed; `question`
    is open until `question_due`. `since` is when it last changed.
    """

    card: ThreadCard
    sequence: int
    closed: bool
    erased: bool
    reply_owed: bool
    participants: frozenset[UUID]
    assigned: UUID | None = None
    team: str = "care"
    reply_due: datetime | None = None
    question: UUID | None = None
    question_due: datetime | None = None
    custody: int = 0
    since: datetime | None = None

    @property
    def owed_by(self) -> datetime | None:
        """Until when the patient was promised an answer of any kind."""
        return min((due for due in (self.reply_due, self.question_due) if due), default=None)

    def moment(self, now: datetime) -> datetime:
        """When something happens in the thread now: after everything before it, whatever the clocks say."""
        return moment(self.since, now)


def moment(since: datetime | None, now: datetime) -> datetime:
    """This moment, or the first one after `since`: what reads the events of a thread may go by their times."""
    return now if since is None else max(now, since + timedelta(microseconds=1))


def reply_owner(thread: ThreadNow) -> str:
    """Who owes the answer, as handoffs name owners."""
    return owner_of(thread.card.kind, thread.team, thread.assigned)


def owner_of(kind: str, team: str, assigned: UUID | None) -> str:
    """Who is accountable for a thread: in a consult the clinician who sees to it, else the team."""
    return f"clinician:{assigned}" if kind == ThreadKind.CONSULT and assigned is not None else f"team:{team}"


def reply_due(kind: ThreadKind, now: datetime) -> datetime:
    """Until when a patient's message of this moment is to be answered."""
    return now + REPLY_WITHIN[kind]


def proven(thread: ThreadNow, person: UUID, party: Party, teams: frozenset[str]) -> bool:
    """Whether the thread's own rows let the person in; nobody stands on the staff's side of their own thread."""
    if party is Party.PATIENT or person == thread.card.patient:
        return party is Party.PATIENT and person == thread.card.patient
    return opens(
        thread.card.kind,
        thread.team,
        teams,
        theirs=person == thread.assigned,
        takes_part=person in thread.participants,
        owed=thread.owed_by is not None,
    )


def opens(kind: ThreadKind, team: str, teams: frozenset[str], *, theirs: bool, takes_part: bool, owed: bool) -> bool:
    """Whether a thread opens to a member of staff who is in these teams.

    To who sees to it, while in its team (a consult is seen to by a clinician of any team); to a participant, while in a
    team that gives care; to its team, as long as an answer is owed, but for support, which reads what it has claimed.
    """
    in_team = team in teams
    if theirs and (in_team or kind is ThreadKind.CONSULT):
        return True
    if takes_part and not teams.isdisjoint(CARING):
        return True
    return owed and in_team and kind is not ThreadKind.SUPPORT


class ThreadIsClosed(Conflict):
    """This thread is closed and stays readable. Open a new one to write again."""

    code = "thread-closed"


class NoSuchThread(NotFound):
    """There is no such thread that you can open. Look at your threads, or ask the practice."""

    code = "no-such-thread"


class ConsultUnderWay(Conflict):
    """A consult goes on in this thread. Have it declined, withdrawn or ended first, then erase the thread."""

    code = "consult-under-way"


class NothingToAnswer(Conflict):
    """The patient's last message has been answered already, so there is nothing to mark."""

    code = "nothing-to-answer"


class NotYetWritten(Conflict):
    """The thread does not reach that far yet. Mark what you have seen."""

    code = "not-yet-written"


class FollowUpNotOwed(Conflict):
    """No follow-up is owed by you for this visit: it was sent, declined, or belongs to another. Send without it."""

    code = "follow-up-not-owed"
