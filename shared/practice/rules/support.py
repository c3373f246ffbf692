"""When support answers: hours that can be kept, and enough of them to answer within."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.practice.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.practice.model import Practice, SupportHours

FILE = "practice.toml"


def hours(practice: Practice) -> Iterable[Problem]:
    """Support's hours close after they open, on a weekday, in a zone that exists."""
    for number, span in enumerate(practice.support_hours, 1):
        name = f"support_hours {number}"
        if span.closes <= span.opens:
            do = "A night is two spans: one to 24:00, one from 00:00 the next day."
            yield Problem(FILE, name, f"closes at {span.closes}, not after it opens at {span.opens}.", do)
        if not span.weekdays:
            yield Problem(FILE, name, "is on no weekday.", "List weekdays, 1 for Monday to 7 for Sunday.")
        try:
            ZoneInfo(span.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            do = "Use an IANA name such as America/Los_Angeles."
            yield Problem(FILE, name, f"'{span.time_zone}' is not a time zone.", do)


def an_hour_a_week(practice: Practice) -> Iterable[Problem]:
    """Support is open on some day for an hour at least, since a question is answered within one."""
    if not any(span.weekdays and _minutes(span) >= 60 for span in practice.support_hours):
        do = "Add '[[support_hours]]' of an hour or more."
        yield Problem(FILE, "support_hours", "support is never open for a whole hour.", do)


def _minutes(span: SupportHours) -> int:
    opens, closes = (int(clock[:2]) * 60 + int(clock[3:]) for clock in (span.opens, span.closes))
    return closes - opens
