"""A message that was a draft: the draft goes as the message comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.operations.consequences.declare import Consequence
from services.messaging.store import drafts

if TYPE_CHECKING:
    from services.messaging.operations.consequences.declare import Placed
    from shared.database import Tx


def concerns(placed: Placed) -> bool:
    """Whether the letter names a draft."""
    return placed.letter.draft is not None


async def settle(tx: Tx, placed: Placed) -> None:
    """Remove the author's draft; a newer one that another device saved stays, and none at all is as good."""
    letter = placed.letter
    assert letter.draft is not None
    await drafts.sent(tx, letter.author, letter.draft, letter.card.patient, letter.draft_version)


CONSEQUENCE = Consequence(concerns=concerns, settle=settle)
