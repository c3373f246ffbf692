"""Who waits for a time until when, and for how long a time that came free is somebody's to take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from services.booking.model.horizon import GRID, LEAD
from services.booking.model.hours import Stretch
from services.booking.model.refusals import OfferGone
from shared.errors import Conflict, Invalid, NotFound
from shared.weekly import moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from services.booking.model.wish import Wish

LONGEST_WAIT = timedelta(days=90)
MOST_WAITS = 10
TO_CLAIM = timedelta(minutes=15)
SHORTEST_CLAIM = timedelta(minutes=5)
FROM_MORNING = timedelta(hours=2)
"""A claim lasts over the night only for a time so long after the morning's beginning, so that others can follow."""
MORNING, EVENING = "08:00", "21:00"


class WaitPast(Invalid):
    """Nobody can wait for a time that is past. Say until when you wait, and for which times, from now on."""

    code = "wait-past"


class WaitTooLong(Invalid):
    """We keep a place in the list for ninety days. Wait until an earlier day, and join again then."""

    code = "wait-too-long"


class TooManyWaits(Conflict):
    """You wait for ten things already. Leave one of them, or change it to what you want."""

    code = "too-many-waits"


class WaitsAlready(Conflict):
    """You wait for a time instead of this appointment already. Change that wait, or leave it first."""

    code = "waits-already"


class SoundsLikeEmergency(Conflict):
    """This may not wait. Do what comes with this answer; if it is no emergency, book a time, or talk to a person."""

    code = "sounds-like-an-emergency"


class NoSuchWait(NotFound):
    """There is no such wait that you can open. Look at what you wait for."""

    code = "no-such-wait"


class WaitOver(Conflict):
    """This wait is over. Look at your appointments, or join the list again."""

    code = "wait-over"


class NoSuchClaim(NotFound):
    """There is no such time for you to take. Look at what you wait for; offers come with this answer if you wait."""

    code = "no-such-claim"


class ClaimLapsed(OfferGone):
    """This time is not yours to take any more. You keep your place; pick one of the offers, or wait for the next."""

    code = "claim-lapsed"


class ClaimedAlready(Conflict):
    """You have taken this time already. Look at your appointments."""

    code = "claimed-already"


def require_to_come(until: datetime, latest: datetime | None, now: datetime) -> None:
    """Raise WaitPast or WaitTooLong."""
    if until <= now:
        raise WaitPast(field="until")
    if latest is not None and latest <= now:
        raise WaitPast(field="latest")
    if until > now + LONGEST_WAIT:
        raise WaitTooLong(field="until")


def lapses_at(start: datetime, until: datetime, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the claim to a time offered now lapses; None when too little is left to take it.

    A quarter of an hour, and for what is offered at night one from the morning on, unless the time is soon after it.
    """
    local = now.astimezone(zone)
    asleep = not MORNING <= local.strftime("%H:%M") < EVENING
    lapse = now + TO_CLAIM
    if asleep:
        day = local.date() + timedelta(days=1 if local.strftime("%H:%M") >= EVENING else 0)
        morning = moment(day, MORNING, zone)
        if start >= morning + FROM_MORNING:
            lapse = morning + TO_CLAIM
    lapse = min(lapse, start - LEAD, until).astimezone(UTC)
    return lapse if lapse >= now + SHORTEST_CLAIM else None


def in_time(wish: Wish, now: datetime, before: datetime | None) -> Wish:
    """The wish for what can still be claimed before it begins, and is earlier than `before` where that is given."""
    earliest, latest = now + LEAD + SHORTEST_CLAIM, wish.latest
    if wish.earliest is not None:
        earliest = max(earliest, wish.earliest)
    if before is not None:
        latest = before - GRID if latest is None else min(latest, before - GRID)
    return msgspec.structs.replace(wish, earliest=earliest, latest=latest)


def within(wish: Wish, clinician: UUID, office: UUID, freed: Stretch, length: timedelta) -> Wish | None:
    """The wish for a visit that begins in the freed time and, where it is long enough, ends in it; None if it cannot.

    What else they would rather have still counts.
    """
    earliest, latest = freed.start, max(freed.start, freed.end - length)
    if wish.clinician not in {None, clinician} or wish.office not in {None, office}:
        return None
    if wish.earliest is not None:
        earliest = max(earliest, wish.earliest)
    if wish.latest is not None:
        latest = min(latest, wish.latest)
    if earliest > latest:
        return None
    return msgspec.structs.replace(wish, clinician=clinician, office=office, earliest=earliest, latest=latest)


def left_over(freed: Stretch, taken: Stretch) -> Iterator[Stretch]:
    """What of the freed time others may still have."""
    for one in (Stretch(freed.start, taken.start), Stretch(taken.end, freed.end)):
        if one.end - one.start >= GRID:
            yield one
