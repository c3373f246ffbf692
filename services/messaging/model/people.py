"""Requests for a person: who is asked, until when, who may join, and what they are told beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from baton_events.codes import ThreadKind
from shared.errors import Conflict, NotFound
from shared.requests.people import About

JOIN_WITHIN = timedelta(minutes=5)
"""How long a patient who asked for a person may wait (design, section 4)."""

RUNGS = (("care", timedelta()), ("clinicians-on-call", timedelta(minutes=5)))
"""The teams that may join too once a request is this long overdue: the ladder of the handoff person.join."""


OWNER = {About.SERVICE: "team:support", About.CARE: "team:clinicians-on-call"}
MOST_TOLD = 30
"""How often what the patient was doing is added to a request; their words stand in the thread however often."""

KIND = {About.SERVICE: ThreadKind.SUPPORT, About.CARE: ThreadKind.CARE}


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the patient was doing when they asked, so that nothing is told twice; it rests sealed.

    `place` is where in the app; `message` is the message that sounded like an emergency.
    """

    place: str | None = None
    appointment: UUID | None = None
    visit: UUID | None = None
    prescription: UUID | None = None
    consult: UUID | None = None
    thread: UUID | None = None
    message: UUID | None = None
    words: str | None = None


@dataclass(frozen=True, kw_only=True)
class PersonRequest:
    """A request as the open transaction sees it."""

    id: UUID
    patient: UUID
    thread: UUID
    owner: str
    requested_by: UUID
    at: datetime
    due: datetime
    joined_by: UUID | None = None
    joined_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether a person is still waited for."""
        return self.joined_at is None and self.withdrawn_at is None


def may_join(request: PersonRequest, person: UUID, teams: frozenset[str], now: datetime) -> bool:
    """Whether the person is of the team that owns the request by now or owned it before; never on both sides of it."""
    if person in {request.patient, request.requested_by}:
        return False
    asked = {request.owner.removeprefix("team:")}
    asked |= {team for team, after in RUNGS if request.due + after <= now}
    return bool(asked & teams)


def may_read(request: PersonRequest, person: UUID, teams: frozenset[str]) -> bool:
    """Whether the person joined the patient and still is of a team that does."""
    return request.joined_by == person and of_team(request.owner, teams)


def of_team(owner: str, teams: frozenset[str]) -> bool:
    """Whether one of the teams ever joins a patient whose request this owner has."""
    return bool(teams & {owner.removeprefix("team:"), *dict(RUNGS)})


class NoSuchRequest(NotFound):
    """There is no such request that you can open. Look at the requests of your teams, or ask for a person anew."""

    code = "no-such-request"


class AlreadyJoined(Conflict):
    """Somebody is with the patient already; `joined_by` says who."""

    code = "already-joined"


class RequestWithdrawn(Conflict):
    """The patient no longer waits for a person."""

    code = "request-withdrawn"
