"""Billing, wired."""

from __future__ import annotations

from services.billing.endpoints import OPERATIONS
from services.billing.reactions import REACTIONS
from services.billing.settings import BillingSettings
from shared.app import App


def build() -> App:
    """Make the service from its environment."""
    return App(settings=BillingSettings.from_environment(), operations=OPERATIONS, reactions=REACTIONS)
