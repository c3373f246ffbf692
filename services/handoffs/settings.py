"""What handoffs is told by its environment."""

from __future__ import annotations

from shared.settings import Settings


class HandoffsSettings(Settings, frozen=True, kw_only=True):
    """The common settings."""

    service: str = "handoffs"
