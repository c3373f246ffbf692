"""Read a file: how it stands, its bytes by range, and its parts once the look is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.model import attachments as rules
from services.messaging.operations.attachments.access import read, readable
from services.messaging.operations.attachments.manifest import keys_of, manifest, open_ticket, seal_ticket
from services.messaging.operations.attachments.stored import stored_part
from services.messaging.store import attachments as store
from shared import audit
from shared.requests.attachments import (
    PART_BYTES,
    Attachment,
    ContentOpened,
    OfAttachment,
    OpenContent,
    Part,
    ReadPart,
)

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call


async def attachment(ground: MessagingGround, call: Call, ask: OfAttachment) -> Attachment:
    """The file as it stands, with the parts that have arrived; raises NoSuchAttachment."""
    card, vouched = await readable(ground, call, ask.attachment)
    keys = await keys_of(ground.sealing, card)
    async with ground.db.transaction() as tx:
        card = await read(tx, call, ask.attachment, vouched=vouched)
        there = await store.parts(tx, card.id)
        await audit.record(tx, call, "read", patient=card.patient, object=card.id, range="name")
    what = manifest(keys, card)
    return Attachment(
        attachment=card.id,
        patient=card.patient,
        thread=card.thread,
        message=card.message,
        name=what.name,
        media_type=what.media_type,
        size=card.size,
        part_bytes=PART_BYTES,
        parts=card.parts,
        there=there,
        finished=card.finished,
    )


async def open_content(ground: MessagingGround, call: Call, ask: OpenContent) -> ContentOpened:
    """Put one look at these bytes on record and give the ticket for them.

    Raises NoSuchAttachment, UploadUnfinished, RangeNotSatisfiable.
    """
    card, vouched = await readable(ground, call, ask.attachment)
    keys = await keys_of(ground.sealing, card)
    async with ground.db.transaction() as tx:
        card = await read(tx, call, ask.attachment, vouched=vouched)
        if not card.finished:
            raise rules.UploadUnfinished
        first, last = rules.bytes_asked(ask.range, card.size)
        seen = f"bytes {first}-{last} of {card.size}"
        await audit.record(tx, call, "read", patient=card.patient, object=card.id, range=seen)
    what = manifest(keys, card)
    return ContentOpened(
        name=what.name,
        media_type=what.media_type,
        size=card.size,
        first=first,
        last=last,
        part_bytes=PART_BYTES,
        ticket=seal_ticket(keys, card, call.person.id, rules.ticket(first, last, call.now)),
    )


async def read_part(ground: MessagingGround, call: Call, ask: ReadPart) -> Part:
    """One part of a look that is on record, for whoever looks; raises NoSuchAttachment, PartSpoilt."""
    async with ground.parts:
        async with ground.db.transaction() as tx:
            card = await store.card(tx, ask.attachment)
            object_ = await store.object_of(tx, ask.attachment, ask.part)
        if card is None or card.erased or card.retracted or object_ is None:
            raise rules.NoSuchAttachment
        keys = await keys_of(ground.sealing, card)
        rules.check_ticket(open_ticket(keys, card, call.person.id, ask.ticket), ask.part, call.now)
        return Part(body=await stored_part(ground, keys, card, ask.part, object_))
