"""Begin an upload, take its parts, abandon it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from services.messaging.model import attachments as rules
from services.messaging.model.clock import closed
from services.messaging.operations.attachments.access import own, own_locked
from services.messaging.operations.attachments.manifest import (
    BEGUN,
    Manifest,
    keys_of,
    open_part,
    seal_manifest,
    seal_part,
)
from services.messaging.operations.attachments.tidy import UPLOAD_OVER
from services.messaging.operations.party import locked, vouch
from services.messaging.store import attachments as store
from shared import audit, idempotency
from shared.deadlines import set_deadline
from shared.identity.access import require_open
from shared.objects import ObjectMissing
from shared.requests.attachments import (
    PART_BYTES,
    BeginUpload,
    OfUpload,
    PartPut,
    PutPart,
    UploadAbandoned,
    UploadBegun,
)
from shared.sealing import SealBroken, refuse_erased

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.directory import Ground
    from shared.sealing import GroupKeys


async def begin(ground: MessagingGround, call: Call, ask: BeginUpload) -> UploadBegun:
    """Make room for a file of a thread or, before there is one, of a patient.

    Raises FileTooLarge, OneOfThreadOrPatient, NoSuchThread or NotFound, ThreadIsClosed, TooManyUploads, ThreadFull.
    """
    rules.check_size(ask.size)
    patient, vouched = await _whose(ground, call, ask)
    new = await _card(ground, call, ask, patient)
    done = UploadBegun(attachment=new.id, part_bytes=PART_BYTES, parts=new.parts)
    async with ground.db.transaction() as tx:
        if ask.thread is None:
            await refuse_erased(tx, patient)
        else:
            await _room_in_thread(ground, tx, call, ask.thread, vouched)
        if await store.waiting(tx, new.author) >= ground.limits.most_uploads:
            raise rules.TooManyUploads
        await store.begin(tx, new, call.now)
        await set_deadline(tx, UPLOAD_OVER, new.id, call.now + rules.ABANDONED_AFTER)
        await audit.record(tx, call, "write", patient=patient, object=new.id, range=f"{new.size} bytes to come")
        await idempotency.keep(tx, call, done)
    return done


async def _whose(ground: MessagingGround, call: Call, ask: BeginUpload) -> tuple[UUID, Ground | None]:
    """The patient, and on what ground the caller may write about them."""
    if ask.thread is not None and ask.patient is None:
        return (await ground.card(ask.thread)).patient, await vouch(ground, call, ask.thread)
    if ask.patient is not None and ask.thread is None:
        return ask.patient, await require_open(ground, call, ask.patient)
    raise rules.OneOfThreadOrPatient(field="thread")


async def _card(ground: MessagingGround, call: Call, ask: BeginUpload, patient: UUID) -> rules.Card:
    attachment, author, parts = uuid4(), call.person.id, rules.parts_of(ask.size)
    group = ask.thread or attachment
    keys = await ground.sealing.keys(patient, group)
    manifest = Manifest(name=ask.name, media_type=ask.media_type, size=ask.size, parts=parts)
    return rules.Card(
        id=attachment,
        patient=patient,
        thread=ask.thread,
        author=author,
        key_group=group,
        size=ask.size,
        parts=parts,
        sealed=seal_manifest(keys, attachment, author, manifest, BEGUN),
        finished=False,
        used=False,
        message=None,
    )


async def _room_in_thread(ground: MessagingGround, tx: Tx, call: Call, thread: UUID, vouched: Ground | None) -> None:
    now = await locked(tx, call, thread, vouched=vouched)
    if now.closed:
        raise closed(now.card.kind)
    if await store.in_thread(tx, thread) >= ground.limits.most_thread_attachments:
        raise rules.ThreadFull


async def put_part(ground: MessagingGround, call: Call, ask: PutPart) -> PartPut:
    """Keep one part, in any order; the same bytes again change nothing.

    Raises NoSuchAttachment, UploadWhole, PartOutOfRange, PartWrongLength, PartDiffers, PartArriving. The object is
    stored between two transactions: the first says that it is coming, so that one which nothing holds is found.
    """
    async with ground.parts:
        card = await own(ground, call, ask.attachment)
        _check_part(card, ask)
        keys = await keys_of(ground.sealing, card)
        object_ = uuid4()
        async with ground.db.transaction() as tx:
            before = await store.object_of(tx, card.id, ask.part)
            if before is None:
                await store.expect(tx, object_, call.now + rules.LOOSE_FOR)
        if before is not None:
            return await _again(ground, call, ask, card, keys, before)
        await ground.objects.put(object_, seal_part(keys, card, ask.part, ask.body))
        return await _held(ground, call, ask, object_)


def _check_part(card: rules.Card, ask: PutPart) -> None:
    if card.finished:
        raise rules.UploadWhole
    if ask.part > card.parts:
        raise rules.PartOutOfRange(field="part", parts=card.parts)
    expected = rules.part_length(card.size, ask.part)
    if len(ask.body) != expected:
        raise rules.PartWrongLength(field="body", expected=expected)


async def _held(ground: MessagingGround, call: Call, ask: PutPart, object_: UUID) -> PartPut:
    done = PartPut(attachment=ask.attachment, part=ask.part)
    async with ground.db.transaction() as tx:
        card = await own_locked(tx, call, ask.attachment)
        if card.finished:
            raise rules.UploadWhole
        if not await store.put(tx, card.id, ask.part, object_):
            raise rules.PartArriving(retry_after=1)
        await audit.record(tx, call, "write", patient=card.patient, object=card.id, range=f"part {ask.part}")
        await idempotency.keep(tx, call, done)
    return done


async def _again(
    ground: MessagingGround, call: Call, ask: PutPart, card: rules.Card, keys: GroupKeys, before: UUID
) -> PartPut:
    """The part is there: the same bytes are as good as kept; one that was lost or spoilt gives way."""
    try:
        kept = open_part(keys, card, ask.part, await ground.objects.get(before))
    except (ObjectMissing, SealBroken):
        async with ground.db.transaction() as tx:
            await store.drop_part(tx, card.id, ask.part, before, call.now)
        raise rules.PartArriving(retry_after=1) from None
    if kept != ask.body:
        raise rules.PartDiffers
    done = PartPut(attachment=card.id, part=ask.part)
    async with ground.db.transaction() as tx:
        await audit.record(tx, call, "write", patient=card.patient, object=card.id, range=f"part {ask.part} again")
        await idempotency.keep(tx, call, done)
    return done


async def abandon(ground: MessagingGround, call: Call, ask: OfUpload) -> UploadAbandoned:
    """Remove an upload that no message carries; raises NoSuchAttachment, AttachmentUsed."""
    done = UploadAbandoned(attachment=ask.attachment)
    async with ground.db.transaction() as tx:
        card = await own_locked(tx, call, ask.attachment)
        if card.used:
            raise rules.AttachmentUsed
        await store.release(tx, [card.id], call.now)
        await audit.record(tx, call, "write", patient=card.patient, object=card.id, range="abandoned")
        await idempotency.keep(tx, call, done)
    return done
