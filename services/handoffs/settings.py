"""What handoffs is told by its environment."""

from __future__ import annotations

from shared.settings import Settings


class HandoffsSettings(Settings, frozen=True, kw_only=True):
    """The common settings. Its reactions ask nobody, so few lanes do: what waits in one shares a transaction."""

    service: str = "handoffs"
    inbox_slots: int = 2
