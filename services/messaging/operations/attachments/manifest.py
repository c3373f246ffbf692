"""What is sealed of a file: its manifest, its parts each bound to their place, and the ticket of a look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.messaging.model.attachments import NoSuchAttachment
from shared.requests.attachments import Attached, MediaType
from shared.sealing import GroupErased, Kind, PatientErased, SealBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from services.messaging.model.attachments import Card
    from shared.sealing import GroupKeys, Sealing

BEGUN, FINISHED = 0, 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the file is; sealed with its counts, so that rows which say otherwise are found out."""

    name: str
    media_type: MediaType
    size: int
    parts: int


def seal_manifest(keys: GroupKeys, attachment: UUID, author: UUID, manifest: Manifest, revision: int) -> bytes:
    """The manifest as it rests."""
    return keys.seal(
        msgspec.json.encode(manifest),
        kind=Kind.ATTACHMENT_MANIFEST,
        object=attachment,
        author=author,
        revision=revision,
    )


def manifest(keys: GroupKeys, card: Card) -> Manifest:
    """The manifest opened; raises SealBroken also where the row says otherwise."""
    plain = keys.open(
        card.sealed,
        kind=Kind.ATTACHMENT_MANIFEST,
        object=card.id,
        author=card.author,
        revision=FINISHED if card.finished else BEGUN,
    )
    found = msgspec.json.decode(plain, type=Manifest)
    if (found.size, found.parts) != (card.size, card.parts):
        raise SealBroken
    return found


def seal_part(keys: GroupKeys, card: Card, part: int, body: bytes) -> bytes:
    """The part as it rests, bound to its place and to how many there are."""
    return keys.seal(body, kind=Kind.ATTACHMENT, object=card.id, author=card.author, sequence=part, revision=card.parts)


def open_part(keys: GroupKeys, card: Card, part: int, sealed: bytes) -> bytes:
    """The part, or SealBroken and nothing of it."""
    return keys.open(
        sealed, kind=Kind.ATTACHMENT, object=card.id, author=card.author, sequence=part, revision=card.parts
    )


def seal_ticket(keys: GroupKeys, card: Card, person: UUID, ticket: bytes) -> bytes:
    """The ticket as the gateway carries it: for this person and this file only."""
    return keys.seal(ticket, kind=Kind.ATTACHMENT_LOOK, object=card.id, author=person)


def open_ticket(keys: GroupKeys, card: Card, person: UUID, sealed: bytes) -> bytes:
    """The ticket; raises NoSuchAttachment for one that is not this person's for this file."""
    try:
        return keys.open(sealed, kind=Kind.ATTACHMENT_LOOK, object=card.id, author=person)
    except SealBroken:
        raise NoSuchAttachment from None


async def keys_of(sealing: Sealing, card: Card) -> GroupKeys:
    """The keys that seal the file, for before a transaction opens; raises NoSuchAttachment once they are destroyed."""
    try:
        return await sealing.keys(card.patient, card.key_group)
    except (GroupErased, PatientErased):
        raise NoSuchAttachment from None


def carried(keys: GroupKeys, cards: Iterable[Card]) -> Mapping[UUID, list[Attached]]:
    """What each message of a thread carries, opened with the thread's keys."""
    found: dict[UUID, list[Attached]] = {}
    for card in cards:
        assert card.message is not None
        what = manifest(keys, card)
        shown = Attached(attachment=card.id, name=what.name, media_type=what.media_type, size=what.size)
        found.setdefault(card.message, []).append(shown)
    return found
