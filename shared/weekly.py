"""Wall clocks and weeks: when a time of day is, in a zone that sets its clocks forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """When a wall clock in the zone shows HH:MM on that day, UTC; 24:00 is the next day's beginning.

    A time the clock skips in spring is the moment it skips; a time it shows twice in autumn is the first.
    """
    hour, minute = map(int, clock.split(":"))
    wall = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24, minute))
    real = wall.replace(tzinfo=zone).astimezone(UTC)
    while _shown(real, zone) > wall and _shown(real - MINUTE, zone) >= wall:
        real -= MINUTE
    return real


def _shown(real: datetime, zone: ZoneInfo) -> datetime:
    """What a wall clock in the zone shows."""
    return real.astimezone(zone).replace(tzinfo=None)
