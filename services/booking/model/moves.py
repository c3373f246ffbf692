"""Which appointments can be moved, what was missed, and until when somebody sees to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import Conflict, Invalid
from shared.requests.booking import AppointmentStatus
from shared.weekly import moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID
    from zoneinfo import ZoneInfo

    from shared.practice.model import Staff

HEARD_WITHIN = timedelta(minutes=1)
"""How long a check-in of the last minute may take to be heard of."""
AT_LATEST = timedelta(hours=24)
NOON = "12:00"
WEEK = range(1, 8)


class ReasonTold(Invalid):
    """Reason and kind of visit go with the appointment that moves; leave them out. To say more, send a message."""

    code = "reason-told"


class OfferForAnother(Invalid):
    """This offer was not made to move this appointment. Ask for offers that name it in `instead_of` and pick one."""

    code = "offer-for-another"


class OfferToMove(Invalid):
    """This offer was made to move an appointment. Reschedule that one with it, or ask for offers anew to book."""

    code = "offer-to-move"


class GivenBack(Conflict):
    """This appointment was cancelled and cannot be moved. Ask for offers and book a new time."""

    code = "appointment-cancelled"


class Begun(Conflict):
    """This visit has begun or is over and cannot be moved. Ask for offers and book a new time."""

    code = "visit-begun"


class Past(Conflict):
    """The time of this visit is over. Check in if you are with us; otherwise book a new time, or we get in touch."""

    code = "appointment-past"


class MovedMeanwhile(Conflict):
    """This appointment was moved after the offer was made. Look at its new time; ask for offers again to change it."""

    code = "appointment-moved"


class NotMissed(Conflict):
    """Nobody needs to get in touch about this appointment: it was not missed, or that is settled. Look at it again."""

    code = "not-missed"


def require_movable(status: AppointmentStatus, end: datetime, now: datetime, *, started: bool) -> None:
    """Raise GivenBack, Begun or Past unless another time can be had for it; a missed visit can have one."""
    if status is AppointmentStatus.CANCELLED:
        raise GivenBack
    if started or status is AppointmentStatus.FULFILLED:
        raise Begun
    if status is not AppointmentStatus.NOSHOW and now >= end:
        raise Past


def missed_at(end: datetime) -> datetime:
    """When a visit counts as missed; until its end the patient may check in."""
    return end + HEARD_WITHIN


def opening_days(staff: Iterable[Staff], office: UUID) -> frozenset[int]:
    """The days of the week on which somebody works at the office, by ISO 8601."""
    return frozenset(
        day for person in staff for hours in person.hours if hours.office == office for day in hours.weekdays
    )


def contact_due(days: frozenset[int], zone: ZoneInfo, now: datetime) -> datetime:
    """Noon of the next day on which the office is open, in its zone; a day from now where it never is."""
    today = now.astimezone(zone).date()
    for ahead in WEEK:
        day = today + timedelta(days=ahead)
        if day.isoweekday() in days:
            return moment(day, NOON, zone)
    return now + AT_LATEST


def move_due(start: datetime, now: datetime) -> datetime:
    """A day from now, or when half the time to the visit is over."""
    return min(now + AT_LATEST, now + max((start - now) / 2, timedelta())).astimezone(UTC)
