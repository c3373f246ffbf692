"""The rules of questions: until when what is asked of support is answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.practice.model import SupportHours
from shared.weekly import moment

ANSWER_WITHIN = timedelta(hours=1)
"""For how long support is open before a question is to be answered (design, section 4)."""

WEEKS = timedelta(days=15)
"""How far ahead is looked: support is open for an hour each week."""


def answer_due(hours: Sequence[SupportHours], now: datetime, within: timedelta = ANSWER_WITHIN) -> datetime:
    """When support will have been open for so long from now on."""
    left = within
    for opens, closes in sorted(_open(hours, now)):
        begins = max(opens, now)
        if closes - begins >= left:
            return begins + left
        if closes > begins:
            left, now = left - (closes - begins), closes
    return now


def _open(hours: Iterable[SupportHours], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The times at which support is open from the day before now on; some may overlap."""
    for weekly in hours:
        zone = ZoneInfo(weekly.time_zone)
        first = now.astimezone(zone).date() - timedelta(days=1)
        for day in (first + timedelta(days=n) for n in range(WEEKS.days + 2)):
            if day.isoweekday() in weekly.weekdays:
                yield moment(day, weekly.opens, zone), moment(day, weekly.closes, zone)
