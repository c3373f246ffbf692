"""When a patient is reminded of a visit to come."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from baton_events.codes import Reminder

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
TWO_HOURS = timedelta(hours=2)
EARLIEST, LATEST = time(8), time(20)
"""Nobody is reminded earlier or later in the day than this on the day before."""


def reminders(start: datetime, zone: ZoneInfo) -> dict[Reminder, datetime]:
    """When each reminder of a visit is due, UTC; `zone` is that of the place where the patient will be.

    The day before it is the same time by the clock on the wall, by day; two hours before are hours that pass.
    """
    local = start.astimezone(zone)
    clock = min(max(local.time(), EARLIEST), LATEST)
    day_before = datetime.combine(local.date() - DAY, clock, tzinfo=zone).astimezone(UTC)
    return {Reminder.DAY_BEFORE: day_before, Reminder.TWO_HOURS: (start - TWO_HOURS).astimezone(UTC)}


def comes_too_late(reminder: Reminder, start: datetime, now: datetime) -> bool:
    """Whether the next reminder, or the visit itself, has come in place of this one."""
    return now >= (start if reminder is Reminder.TWO_HOURS else start - TWO_HOURS)
