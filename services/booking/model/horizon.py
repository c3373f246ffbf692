"""How far ahead is looked, window after window, each only when those before it do not hold enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from services.booking.model.hours import MIDNIGHT, MIDNIGHTS_END, Stretch, moment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from services.booking.model.wish import Wish

LEAD = timedelta(minutes=2)
GRID = timedelta(minutes=5)
REACHES = (0, 3, 7, 14, 30, 60, 90)
"""Days after the first on which a visit may start, at which a window ends."""
FORTNIGHT = 1 + REACHES.index(14)
"""The last window in which their own clinician goes before everybody else."""
FARTHEST = timedelta(days=REACHES[-1] + 1)


@dataclass(frozen=True)
class Window:
    """The days from `first` to `last` after today, both included; the lower `soon` the earlier, today is 0."""

    soon: int
    first: int
    last: int

    def by(self, zone: ZoneInfo, now: datetime) -> Stretch:
        """Its time, by the days of the zone."""
        today = now.astimezone(zone).date()
        first, last = (today + timedelta(days=days) for days in (self.first, self.last))
        return Stretch(moment(first, MIDNIGHT, zone), moment(last, MIDNIGHTS_END, zone))

    def span(self, zones: Iterable[ZoneInfo], now: datetime) -> Stretch:
        """Its time in any of the zones."""
        spans = [self.by(zone, now) for zone in zones]
        return Stretch(min(span.start for span in spans), max(span.end for span in spans))


def bounds(wish: Wish, now: datetime) -> Stretch:
    """The first and the last moment at which a visit may start."""
    first, last = now + LEAD, now + FARTHEST
    if wish.earliest is not None:
        first = max(first, min(wish.earliest, last + GRID)).astimezone(UTC)
    if wish.latest is not None:
        last = max(min(last, wish.latest), first - GRID).astimezone(UTC)
    return Stretch(first, last)


def windows(wish: Wish, now: datetime, zones: Iterable[ZoneInfo]) -> list[Window]:
    """The day on which a visit may first start in any of the zones, then the days after it, further and further."""
    start = bounds(wish, now).start
    ahead = (start.astimezone(zone).date() - now.astimezone(zone).date() for zone in zones)
    begin = min((days.days for days in ahead), default=0)
    first = Window(1 if begin else 0, begin, begin)
    later = (Window(soon, begin + a + 1, begin + b) for soon, (a, b) in enumerate(pairwise(REACHES), start=2))
    return [first, *(one for one in later if one.first <= REACHES[-1])]
