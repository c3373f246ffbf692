"""Hours and shifts: they end after they begin, nobody is in two places, and somebody is always on call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.identity.people import Role
from shared.practice.files import called
from shared.practice.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.practice.model import Hours, Practice, Shift

WEEK = 7 * 24 * 60
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def offices_known(practice: Practice) -> Iterable[Problem]:
    """Hours are at an office that exists."""
    for member in practice.staff.values():
        for hours in member.hours:
            if hours.office not in practice.offices:
                do = "Use the id of an office in offices.toml."
                yield Problem("staff.toml", called(member), f"has hours at {hours.office}, which is no office.", do)


def open_before_close(practice: Practice) -> Iterable[Problem]:
    """Hours and shifts close after they open, on at least one day."""
    spans: list[tuple[str, str, Hours | Shift]] = [("shifts.toml", called(shift), shift) for shift in practice.shifts]
    for member in practice.staff.values():
        spans.extend(("staff.toml", called(member), hours) for hours in member.hours)
    for file, name, span in spans:
        if span.closes <= span.opens:
            do = "A night is two spans: one to 24:00, one from 00:00 the next day."
            yield Problem(file, name, f"closes at {span.closes}, not after it opens at {span.opens}.", do)
        if not span.weekdays:
            yield Problem(file, name, "has hours on no weekday.", "List weekdays, 1 for Monday to 7 for Sunday.")


def one_place_at_a_time(practice: Practice) -> Iterable[Problem]:
    """A clinician's hours do not overlap."""
    for member in practice.staff.values():
        for weekday in range(1, 8):
            spans = sorted((h.opens, h.closes, str(h.office)) for h in member.hours if weekday in h.weekdays)
            for (_, closes, _), (opens, _, _) in pairwise(spans):
                if opens < closes:
                    wrong = f"has hours from {opens} on {DAYS[weekday - 1]} before those to {closes} are over."
                    yield Problem("staff.toml", called(member), wrong, "Let one end when the other begins.")


def on_call_clinicians(practice: Practice) -> Iterable[Problem]:
    """Whoever is on call is a clinician who sees patients by video."""
    for shift in practice.shifts:
        member = practice.staff.get(shift.clinician)
        if member is None or Role.CLINICIAN not in member.roles:
            do = "Use the id of a clinician in staff.toml."
            yield Problem("shifts.toml", called(shift), f"there is no clinician {shift.clinician}.", do)
        elif not member.video:
            do = "Set 'video = true' in staff.toml, or give the shift to somebody else."
            yield Problem("shifts.toml", called(shift), f"{member.name} does not see patients by video.", do)


def somebody_always_on_call(practice: Practice) -> Iterable[Problem]:
    """No minute of the week is without a shift."""
    covered_to = 0
    for begins, ends in sorted(span for shift in practice.shifts for span in _minutes_of_week(shift)):
        if begins > covered_to:
            yield _nobody(covered_to, begins)
        covered_to = max(covered_to, ends)
    if covered_to < WEEK:
        yield _nobody(covered_to, WEEK)


def _nobody(begins: int, ends: int) -> Problem:
    wrong = f"nobody is on call from {_moment(begins)} to {_moment(ends)} (UTC)."
    return Problem("shifts.toml", "", wrong, "Add a shift that covers it.")


def _moment(minute: int) -> str:
    return f"{DAYS[minute // (24 * 60) % 7]} {minute // 60 % 24:02}:{minute % 60:02}"


def _minutes_of_week(shift: Shift) -> Iterator[tuple[int, int]]:
    """The shift's spans as minutes of the week in UTC, by the zone's offset in winter."""
    try:
        offset = MONDAY.astimezone(ZoneInfo(shift.time_zone)).utcoffset() or timedelta()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return
    for weekday in shift.weekdays:
        day = (weekday - 1) * 24 * 60 - int(offset.total_seconds() // 60)
        begins, ends = (day + _minute(shift.opens)) % WEEK, day + _minute(shift.closes)
        ends = begins + (ends - day - _minute(shift.opens))
        yield begins, min(ends, WEEK)
        if ends > WEEK:
            yield 0, ends - WEEK


def _minute(time: str) -> int:
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)
