"""Which stretches of time staff may open or close."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from datetime import datetime

LONGEST = timedelta(days=366)
FARTHEST = timedelta(days=2 * 366)


class StretchWrong(Invalid):
    """A stretch ends after it begins, is not over yet, and is at most a year long within the next two. Correct it."""

    code = "stretch-wrong"


class NoSuchOverride(NotFound):
    """There is no override here that you can open. Look at those of your office again."""

    code = "no-such-override"


class LiftedAlready(Conflict):
    """This override was lifted already and does not count. Look at those of your office again."""

    code = "override-lifted"


class OverrideOver(Conflict):
    """The time of this override is over; it stays on record as it was. Override the time to come instead."""

    code = "override-over"


def require_stretch(start: datetime, end: datetime, now: datetime) -> None:
    """Raise StretchWrong for what cannot be overridden, naming the end at fault."""
    if start >= end or end - start > LONGEST or end <= now:
        raise StretchWrong(field="end")
    if start - now > FARTHEST:
        raise StretchWrong(field="start")
