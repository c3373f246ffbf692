"""Booking, wired."""

from __future__ import annotations

from services.booking.endpoints import OPERATIONS
from services.booking.operations.ground import stand
from services.booking.operations.licences import look_for_lapses
from services.booking.operations.no_show import NO_SHOW, not_come
from services.booking.operations.reminders import REMINDERS, reminded
from services.booking.operations.waitlist_offer import offer_freed_times
from services.booking.operations.waitlist_over import CLAIM_LAPSES, WAIT_ENDS, claim_lapses, wait_ends
from services.booking.reactions import REACTIONS
from services.booking.settings import BookingSettings
from shared.app import App


def build() -> App:
    """Make the service from its environment."""
    return App(
        settings=BookingSettings.from_environment(),
        operations=OPERATIONS,
        reactions=REACTIONS,
        deadlines={
            NO_SHOW: not_come,
            CLAIM_LAPSES: claim_lapses,
            WAIT_ENDS: wait_ends,
            **dict.fromkeys(REMINDERS, reminded),
        },
        workers=(look_for_lapses, offer_freed_times),
        ground=stand,
    )
