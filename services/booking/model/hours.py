"""When a clinician is at an office: weekly hours and exceptions, local to the office, as stretches of real time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from baton_events.codes import Availability
from shared import weekly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from shared.practice.model import Holiday, Office, Staff
    from shared.requests.directory import Hours

MIDNIGHT, MIDNIGHTS_END = "00:00", "24:00"
moment = lru_cache(maxsize=16384)(weekly.moment)


class Stretch(NamedTuple):
    """From `start` up to `end`, UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Override:
    """What staff made of a stretch of a clinician's time at an office."""

    availability: Availability
    stretch: Stretch


@dataclass(frozen=True, kw_only=True)
class Exceptions:
    """What counts beside the weekly hours: the practice's holidays, the clinician's own, staff's in order of making."""

    holidays: Sequence[Holiday] = ()
    staff: Staff | None = None
    overrides: Sequence[Override] = ()


def open_times(
    hours: Iterable[Hours], exceptions: Exceptions, office: Office, zone: ZoneInfo, first: date, last: date
) -> list[Stretch]:
    """When the clinician is at the office on the days from `first` to `last`, both included.

    A holiday takes from the weekly hours, not from extra hours; being away takes from both; what staff overrode counts
    over all of them, the latest over those before.
    """
    found = open_stretches(hours, zone, first, last)
    closed = [_day(one.day, zone) for one in exceptions.holidays if one.office in {None, office.id}]
    found = without(found, closed)
    if exceptions.staff is not None:
        extra = [one for one in exceptions.staff.extra_hours if one.office == office.id and first <= one.day <= last]
        found = both(found, [Stretch(moment(e.day, e.opens, zone), moment(e.day, e.closes, zone)) for e in extra])
        away = exceptions.staff.away
        gone = [Stretch(moment(a.first, a.begins, zone), moment(a.last or a.first, a.ends, zone)) for a in away]
        found = without(found, gone)
    for override in exceptions.overrides:
        change = both if override.availability is Availability.OPEN else without
        found = change(found, [override.stretch])
    return found


def open_stretches(hours: Iterable[Hours], zone: ZoneInfo, first: date, last: date) -> list[Stretch]:
    """The weekly hours on the days from `first` to `last`, both included, in order, joined where they meet."""
    return joined(sorted(_daily(list(hours), zone, first, last)))


def _daily(hours: list[Hours], zone: ZoneInfo, first: date, last: date) -> Iterator[Stretch]:
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        for weekly_ in hours:
            if weekly_.weekday == day.isoweekday():
                stretch = Stretch(moment(day, weekly_.opens, zone), moment(day, weekly_.closes, zone))
                if stretch.start < stretch.end:
                    yield stretch


def _day(day: date, zone: ZoneInfo) -> Stretch:
    return Stretch(moment(day, MIDNIGHT, zone), moment(day, MIDNIGHTS_END, zone))


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches in order of their start, those that meet or overlap made one."""
    whole: list[Stretch] = []
    for stretch in stretches:
        if whole and stretch.start <= whole[-1].end:
            whole[-1] = Stretch(whole[-1].start, max(whole[-1].end, stretch.end))
        else:
            whole.append(stretch)
    return whole


def both(some: Iterable[Stretch], others: Iterable[Stretch]) -> list[Stretch]:
    """Whatever is in either, in order."""
    return joined(sorted([*some, *(other for other in others if other.start < other.end)]))


def without(stretches: list[Stretch], closed: Iterable[Stretch]) -> list[Stretch]:
    """What is left of stretches, given in order, when closed ones are taken out."""
    for gone in closed:
        if gone.start < gone.end:
            stretches = [left for stretch in stretches for left in _left(stretch, gone)]
    return stretches


def _left(stretch: Stretch, gone: Stretch) -> Iterator[Stretch]:
    if gone.end <= stretch.start or stretch.end <= gone.start:
        yield stretch
        return
    if stretch.start < gone.start:
        yield Stretch(stretch.start, gone.start)
    if gone.end < stretch.end:
        yield Stretch(gone.end, stretch.end)


def common(some: Sequence[Stretch], others: Sequence[Stretch]) -> list[Stretch]:
    """What is in both, each given in order without overlaps; a single moment counts."""
    found, at, other = [], 0, 0
    while at < len(some) and other < len(others):
        start, end = max(some[at].start, others[other].start), min(some[at].end, others[other].end)
        if start <= end:
            found.append(Stretch(start, end))
        if some[at].end <= others[other].end:
            at += 1
        else:
            other += 1
    return found
