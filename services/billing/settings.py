"""What billing is told by its environment."""

from __future__ import annotations

from shared.settings import Settings


class BillingSettings(Settings, frozen=True, kw_only=True):
    """The common settings."""

    service: str = "billing"
