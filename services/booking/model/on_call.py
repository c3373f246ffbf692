"""Who is on call for video, who is asked first, and how soon a patient is promised somebody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shared.errors import Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from shared.practice.model import Shift

EACH_WAITS = timedelta(minutes=10)
"""How long one clinician may need for everybody before."""
AT_RISK_BEFORE = timedelta(minutes=2)
"""So long before the promise its handoff escalates, so that somebody can still keep it."""
ASSISTANTS_ALONE = timedelta(minutes=2)
"""So long only physician assistants see a new request, where one is on call."""
ASSISTANT = "PA"
LENGTH = timedelta(minutes=20)
SHORTEST = timedelta(minutes=5)


def on_call(shifts: Iterable[Shift], now: datetime) -> frozenset[UUID]:
    """The clinicians whose shift it is."""
    return frozenset(shift.clinician for shift in shifts if _covers(shift, now))


def _covers(shift: Shift, now: datetime) -> bool:
    local = now.astimezone(ZoneInfo(shift.time_zone))
    return local.isoweekday() in shift.weekdays and shift.opens <= local.strftime("%H:%M") < shift.closes


def promised(now: datetime, *, waiting: int, clinicians: int, busy: int = 0) -> datetime:
    """By when somebody joins a patient before whom so many wait, or are with one of the clinicians already."""
    return now + EACH_WAITS * (1 + (waiting + busy) // clinicians)


def may_join(*, credential: str, on_call_with: Collection[str], requested: datetime, now: datetime) -> bool:
    """Whether the request is this clinician's to take: physician assistants first, where one is on call."""
    return credential == ASSISTANT or ASSISTANT not in on_call_with or now >= requested + ASSISTANTS_ALONE


def end_of(start: datetime, next_taken: datetime | None) -> datetime:
    """Until when the call is planned: twenty minutes, or what is left before somebody's next appointment."""
    end = start + LENGTH
    return end if next_taken is None else min(end, max(next_taken, start + SHORTEST))


class NobodyOnCall(Conflict):
    """No clinician on call may treat you where you are. Book a time or talk to a person; in an emergency call 911."""

    code = "nobody-on-call"


class AlreadyWaiting(Conflict):
    """You are waiting for a clinician already, or with one. Look at that call, or leave it first."""

    code = "already-waiting"


class InAppointment(Conflict):
    """You have an appointment at this moment. Give it back or move it, and ask again, or talk to a person."""

    code = "in-appointment"


class NoSuchVideo(NotFound):
    """There is no such call that you can open. Look at the queue again, or ask for a clinician."""

    code = "no-such-video"


class NotOnCall(Forbidden):
    """You are not on call now. Ask ops to give you a shift, or leave the call to those who are."""

    code = "not-on-call"


class NotLicensedThere(Forbidden):
    """You hold no valid licence where this patient is. Leave the call to a colleague who does."""

    code = "licence-missing"


class JoinedByAnother(Conflict):
    """A colleague has joined this patient. Look at the queue again."""

    code = "joined-by-another"


class CallOver(Conflict):
    """This call is over, or the patient has left it. Look at the queue, or ask for a clinician again."""

    code = "call-over"


class BusyNow(Conflict):
    """You, or the patient, are in an appointment at this moment. End it first, or leave the call to a colleague."""

    code = "busy-now"
