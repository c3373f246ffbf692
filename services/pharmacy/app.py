"""Pharmacy, wired."""

from __future__ import annotations

from services.pharmacy.endpoints import OPERATIONS
from services.pharmacy.operations.deliver import send_deliveries
from services.pharmacy.operations.ground import stand
from services.pharmacy.operations.overdue import move_on, not_answered
from services.pharmacy.operations.route import TRANSMIT
from services.pharmacy.reactions import REACTIONS
from services.pharmacy.settings import PharmacySettings
from shared.app import App


def build() -> App:
    """Make the service from its environment."""
    return App(
        settings=PharmacySettings.from_environment(),
        operations=OPERATIONS,
        reactions=REACTIONS,
        deadlines={TRANSMIT: not_answered},
        workers=(send_deliveries, move_on),
        ground=stand,
    )
