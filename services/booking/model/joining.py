"""When the two of a visit by video can be in its room."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from baton_events.codes import VisitKind
from shared.requests.booking import AppointmentStatus

if TYPE_CHECKING:
    from datetime import datetime

OPENS_BEFORE = timedelta(minutes=30)
"""As check-in does."""
STANDING = frozenset({AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED})


def can_join(kind: VisitKind, status: AppointmentStatus, start: datetime, now: datetime) -> bool:
    """From when check-in opens until the visit is over, given back or missed."""
    return kind is VisitKind.VIDEO and status in STANDING and now >= start - OPENS_BEFORE
