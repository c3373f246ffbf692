"""Visits, wired."""

from __future__ import annotations

from services.visits.endpoints import OPERATIONS
from services.visits.reactions import REACTIONS
from services.visits.settings import VisitsSettings
from shared.app import App


def build() -> App:
    """Make the service from its environment."""
    return App(settings=VisitsSettings.from_environment(), operations=OPERATIONS, reactions=REACTIONS)
