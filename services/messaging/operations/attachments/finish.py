"""Finish an upload: all its parts are there, and it is what it said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services.messaging.model import attachments as rules
from services.messaging.model.files import check_file
from services.messaging.operations.attachments.access import own, own_locked
from services.messaging.operations.attachments.manifest import FINISHED, keys_of, manifest, seal_manifest
from services.messaging.operations.attachments.stored import stored_part
from services.messaging.store import attachments as store
from shared import audit, idempotency
from shared.requests.attachments import UploadFinished

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.attachments import OfUpload


async def finish(ground: MessagingGround, call: Call, ask: OfUpload) -> UploadFinished:
    """Have the file whole from now on, unchangeable, and ready for a message.

    Raises NoSuchAttachment, UploadWhole, UploadUnfinished, NotAsClaimed, ImageTooLarge.
    """
    card = await own(ground, call, ask.attachment)
    if card.finished:
        raise rules.UploadWhole
    async with ground.parts:
        await _check(ground, card)
    keys = await keys_of(ground.sealing, card)
    done = UploadFinished(attachment=card.id, at=call.now)
    async with ground.db.transaction() as tx:
        card = await own_locked(tx, call, ask.attachment)
        if card.finished:
            raise rules.UploadWhole
        sealed = seal_manifest(keys, card.id, card.author, manifest(keys, card), FINISHED)
        await store.finish(tx, card.id, sealed, call.now)
        await audit.record(tx, call, "write", patient=card.patient, object=card.id, range=f"{card.size} bytes")
        await idempotency.keep(tx, call, done)
    return done


async def _check(ground: MessagingGround, card: rules.Card) -> None:
    async with ground.db.transaction() as tx:
        there = await store.parts(tx, card.id)
        first = await store.object_of(tx, card.id, 1)
    if len(there) < card.parts or first is None:
        raise rules.UploadUnfinished(there=there)
    keys = await keys_of(ground.sealing, card)
    beginning = await stored_part(ground, keys, card, 1, first)
    await asyncio.to_thread(check_file, beginning, manifest(keys, card).media_type)
