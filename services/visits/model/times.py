"""When things open and fall due around a visit; all times are UTC unless a zone is given."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

CHECK_IN_BEFORE = timedelta(minutes=30)
ROOM_WITHIN = timedelta(minutes=10)
ORDER_WITHIN = timedelta(minutes=15)
"""The same for every order, since a time of its own would tell what was ordered."""
SUMMARY_WITHIN = timedelta(hours=2)

LAST_FOR_THE_EVENING = time(19, 30)
THAT_EVENING = time(21, 30)
NEXT_NOON = time(12, 0)
THE_MORNING_BEFORE = time(10, 0)


def check_in_opens(start: datetime) -> datetime:
    """From when on the patient can check in."""
    return start - CHECK_IN_BEFORE


def guidance_again(start: datetime, zone: tzinfo) -> datetime:
    """When the guidance is put before the patient again: ten in the morning of the day before, where they are."""
    day = start.astimezone(zone).date() - timedelta(days=1)
    return datetime.combine(day, THE_MORNING_BEFORE, tzinfo=zone).astimezone(UTC)


def room_due(start: datetime, checked_in: datetime) -> datetime:
    """Nobody waits longer than this for a room, and who comes early waits for the visit's own time."""
    return max(start, checked_in) + ROOM_WITHIN


def follow_up_due(ended: datetime, zone: tzinfo) -> datetime:
    """That evening where the patient is; noon of the next day when the visit ended too late for that."""
    local = ended.astimezone(zone)
    if local.time() > LAST_FOR_THE_EVENING:
        due = datetime.combine(local.date() + timedelta(days=1), NEXT_NOON, tzinfo=zone)
    else:
        due = datetime.combine(local.date(), THAT_EVENING, tzinfo=zone)
    return due.astimezone(UTC)
