"""Who may see to a thread, and why a change of it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from baton_events.codes import ThreadKind
from services.messaging.model.threads import ThreadNow
from shared.errors import Conflict, Invalid
from shared.identity.people import Role

ROLES: Mapping[str, frozenset[Role]] = {
    "care": frozenset({Role.CLINICIAN, Role.NURSE}),
    "clinicians-on-call": frozenset({Role.CLINICIAN}),
    "support": frozenset({Role.SUPPORT}),
}
"""Who of a team sees to threads."""

TEAMS: Mapping[ThreadKind, frozenset[str]] = {
    ThreadKind.CARE: frozenset({"care", "clinicians-on-call"}),
    ThreadKind.CONSULT: frozenset({"care", "clinicians-on-call"}),
    ThreadKind.SUPPORT: frozenset({"care", "clinicians-on-call", "support"}),
}
"""The teams that may see to a thread of each kind: what is written about care is not for support."""


class ThreadTaken(Conflict):
    """A colleague sees to this thread already; `assigned` says who. Choose other work, or ask them to hand it over."""

    code = "thread-taken"


class NotYoursToPassOn(Conflict):
    """You do not see to this thread, so you cannot pass it on. Claim it first, or ask whoever has it."""

    code = "not-yours-to-pass-on"


class AlreadyTheirs(Conflict):
    """They see to this thread already. Nothing needs to be done."""

    code = "already-theirs"


class OneReceiver(Invalid):
    """A thread is handed over either to a person or to a team. Name one of the two."""

    code = "one-receiver"


class CannotSeeToIt(Invalid):
    """They cannot see to this thread. Name another team, a member of its own, or in a consult a licensed clinician."""

    code = "cannot-see-to-it"


def serves(team: str, roles: frozenset[Role], teams: frozenset[str]) -> bool:
    """Whether somebody with these roles sees to threads of the team."""
    return team in teams and bool(roles & ROLES.get(team, frozenset()))


def is_free(thread: ThreadNow) -> bool:
    """Whether it is a consult under way that nobody sees to: it waits for its team, also without a word written."""
    return thread.card.kind is ThreadKind.CONSULT and thread.assigned is None and not thread.closed


def may_take(thread: ThreadNow, person: UUID, now: datetime) -> bool:
    """Whether the thread is free for the person: nobody has it, or whoever has it let a promise pass.

    A consult is the clinician's whom the patient chose, until they pass it on.
    """
    if thread.assigned in {None, person}:
        return True
    return thread.card.kind is not ThreadKind.CONSULT and thread.owed_by is not None and thread.owed_by < now
