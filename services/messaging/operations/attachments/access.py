"""To whom a file opens: its author alone until a message carries it, then whoever may open its thread.

A file of a message that was taken back opens to nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.model.attachments import NoSuchAttachment
from services.messaging.operations.party import admit, vouch
from services.messaging.store import attachments as store
from services.messaging.store import threads
from shared.errors import NotFound
from shared.identity.access import require_open

if TYPE_CHECKING:
    from uuid import UUID

    from services.messaging.model.attachments import Card
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.directory import Ground


async def own(ground: MessagingGround, call: Call, attachment: UUID) -> Card:
    """The caller's own upload; raises NoSuchAttachment."""
    async with ground.db.transaction() as tx:
        return author_only(await store.card(tx, attachment), call)


async def own_locked(tx: Tx, call: Call, attachment: UUID) -> Card:
    """The caller's own upload, locked; raises NoSuchAttachment."""
    return author_only(next(iter(await store.lock(tx, [attachment])), None), call)


def author_only(card: Card | None, call: Call) -> Card:
    """The upload, if it is the caller's; raises NoSuchAttachment."""
    if card is None or card.erased or card.author != call.person.id:
        raise NoSuchAttachment
    return card


async def readable(ground: MessagingGround, call: Call, attachment: UUID) -> tuple[Card, Ground | None]:
    """The file, and on what ground its thread opens to the caller, asked before the transaction that reads.

    Raises NoSuchAttachment.
    """
    async with ground.db.transaction() as tx:
        card = await store.card(tx, attachment)
    if card is None:
        raise NoSuchAttachment
    if not card.used:
        author_only(card, call)
    try:
        if card.thread is None:
            return card, await require_open(ground, call, card.patient)
        return card, await vouch(ground, call, card.thread)
    except NotFound:
        raise NoSuchAttachment from None


async def read(tx: Tx, call: Call, attachment: UUID, *, vouched: Ground | None) -> Card:
    """The file as the reading transaction sees it; raises NoSuchAttachment."""
    card = await store.card(tx, attachment)
    if card is None or card.erased or card.retracted:
        raise NoSuchAttachment
    if not card.used:
        author_only(card, call)
    if card.thread is not None:
        try:
            admit(await threads.look(tx, card.thread), call, vouched=vouched)
        except NotFound:
            raise NoSuchAttachment from None
    return card
