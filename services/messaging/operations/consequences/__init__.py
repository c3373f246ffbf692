"""What a message settles beside standing in its thread: one file a subject, all in the message's own transaction."""

from __future__ import annotations

from services.messaging.operations.consequences import clock, follow_up
from services.messaging.operations.consequences.declare import Consequence, Placed

CONSEQUENCES: tuple[Consequence, ...] = (follow_up.CONSEQUENCE, clock.CONSEQUENCE)

__all__ = ["CONSEQUENCES", "Consequence", "Placed"]
