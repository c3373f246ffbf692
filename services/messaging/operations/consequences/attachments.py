"""A message that carries files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.model.attachments import AttachmentUsed, NoSuchAttachment, UploadUnfinished
from services.messaging.operations.consequences.declare import Consequence
from services.messaging.store import attachments as store

if TYPE_CHECKING:
    from services.messaging.operations.consequences.declare import Placed
    from shared.database import Tx
    from shared.errors import Refusal


def concerns(placed: Placed) -> bool:
    """Whether the letter names files."""
    return bool(placed.letter.attachments)


async def refuses(tx: Tx, placed: Placed) -> Refusal | None:
    """A message carries its author's own files, whole, begun for its thread, and carried by no other."""
    letter = placed.letter
    cards = await store.lock(tx, letter.attachments)
    own = [card for card in cards if card.author == letter.author and card.thread == letter.card.id]
    if len(own) < len(set(letter.attachments)):
        return NoSuchAttachment()
    if not all(card.finished for card in own):
        return UploadUnfinished()
    return AttachmentUsed() if any(card.used for card in own) else None


async def settle(tx: Tx, placed: Placed) -> None:
    """The message carries them from now on."""
    await store.use(tx, placed.letter.attachments, placed.letter.message, placed.letter.call.now)


CONSEQUENCE = Consequence(concerns=concerns, refuses=refuses, settle=settle)
