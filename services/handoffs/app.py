"""Handoffs, wired."""

from __future__ import annotations

from services.handoffs.endpoints import OPERATIONS
from services.handoffs.model import ESCALATE
from services.handoffs.operations import escalate
from services.handoffs.operations.room import watch_room
from services.handoffs.reactions import REACTIONS
from services.handoffs.settings import HandoffsSettings
from shared.app import App


def build() -> App:
    """Make the service from its environment."""
    return App(
        settings=HandoffsSettings.from_environment(),
        operations=OPERATIONS,
        reactions=REACTIONS,
        deadlines={ESCALATE: escalate},
        workers=(watch_room,),
    )
