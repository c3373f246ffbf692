"""What visits is told by its environment."""

from __future__ import annotations

from shared.settings import Settings


class VisitsSettings(Settings, frozen=True, kw_only=True):
    """The common settings."""

    service: str = "visits"
