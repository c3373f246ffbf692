"""Time zones, read once when a service starts and held, so that asking for one while it works reads no file."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

HELD: dict[str, ZoneInfo] = {}


def hold_all() -> None:
    """Read every zone; from then on `ZoneInfo(name)` finds the one held."""
    if not HELD:
        HELD.update((name, ZoneInfo(name)) for name in available_timezones())


def is_known(name: str) -> bool:
    """Whether there is such a zone."""
    return name in HELD
