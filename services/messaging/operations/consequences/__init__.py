"""What a message settles beside standing in its thread: one file a subject, all in the message's own transaction."""

from __future__ import annotations

from services.messaging.operations.consequences import (
    attachments,
    clock,
    consults,
    drafts,
    emergency,
    follow_up,
    questions,
)
from services.messaging.operations.consequences.declare import Consequence, Placed, settled

CONSEQUENCES: tuple[Consequence, ...] = (
    follow_up.CONSEQUENCE,
    attachments.CONSEQUENCE,
    drafts.CONSEQUENCE,
    clock.CONSEQUENCE,
    consults.CONSEQUENCE,
    questions.CONSEQUENCE,
    emergency.CONSEQUENCE,
)

OF_CORRECTIONS = tuple(one for one in CONSEQUENCES if one.corrections)
"""What the new words of an old message settle."""

__all__ = ["CONSEQUENCES", "OF_CORRECTIONS", "Consequence", "Placed", "settled"]
