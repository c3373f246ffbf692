"""Weekly hours, local to an office, as stretches of real time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from shared.weekly import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from zoneinfo import ZoneInfo

    from shared.requests.directory import Hours


@dataclass(frozen=True, order=True)
class Stretch:
    """From `start` up to `end`, UTC."""

    start: datetime
    end: datetime


def open_stretches(hours: Iterable[Hours], zone: ZoneInfo, first: date, last: date) -> list[Stretch]:
    """The weekly hours on the days from `first` to `last`, both included, in order, joined where they meet."""
    return joined(sorted(_daily(list(hours), zone, first, last)))


def _daily(hours: list[Hours], zone: ZoneInfo, first: date, last: date) -> Iterator[Stretch]:
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        for weekly in hours:
            if weekly.weekday == day.isoweekday():
                stretch = Stretch(moment(day, weekly.opens, zone), moment(day, weekly.closes, zone))
                if stretch.start < stretch.end:
                    yield stretch


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches in order of their start, those that meet or overlap made one."""
    whole: list[Stretch] = []
    for stretch in stretches:
        if whole and stretch.start <= whole[-1].end:
            whole[-1] = Stretch(whole[-1].start, max(whole[-1].end, stretch.end))
        else:
            whole.append(stretch)
    return whole
