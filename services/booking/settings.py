"""What booking is told by its environment."""

from __future__ import annotations

from shared.settings import Settings


class BookingSettings(Settings, frozen=True, kw_only=True):
    """The common settings, with room for a crowd that wants the same time."""

    service: str = "booking"
    request_slots: int = 256
