"""Keep what somebody has begun to write, show it to them alone, and throw it away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from services.messaging.model.drafts import (
    MOST_BYTES,
    MOST_DRAFTS,
    Content,
    DraftMovedOn,
    DraftTooLong,
    NoSuchDraft,
    Place,
    TooManyDrafts,
)
from services.messaging.operations.party import admit, vouch
from services.messaging.store import drafts as store
from services.messaging.store import threads
from shared import audit, idempotency
from shared.errors import Invalid, NotFound
from shared.identity.access import require_open
from shared.requests.drafts import Draft, DraftDiscarded, Drafts, DraftSaved
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.directory import Ground
    from shared.requests.drafts import AskDrafts, DiscardDraft, SaveDraft
    from shared.sealing import GroupKeys

NEWEST = 2**62
"""Above every version."""


@dataclass(frozen=True)
class _Opened:
    """A place that opens to the caller: its draft's keys, and on what ground, as `vouch` gives it."""

    place: Place
    draft: UUID
    keys: GroupKeys
    vouched: Ground | None

    async def still(self, tx: Tx, call: Call) -> None:
        """Decide again in the transaction; raises NotFound."""
        await refuse_erased(tx, self.place.patient)
        if self.place.thread is not None:
            admit(await threads.look(tx, self.place.thread), call, vouched=self.vouched)


async def save_draft(ground: MessagingGround, call: Call, ask: SaveDraft) -> DraftSaved:
    """Keep the words in the place of the version that the caller goes on from.

    Raises NotFound where the place does not open, DraftMovedOn, DraftTooLong, TooManyDrafts.
    """
    if len(ask.text.encode()) > MOST_BYTES:
        raise DraftTooLong
    opened = await _opened(ground, call, await _place(ground, call, ask))
    author = call.person.id
    async with ground.db.transaction() as tx:
        await opened.still(tx, call)
        await store.one_at_a_time(tx, author)
        stands = await store.version(tx, author, opened.draft)
        if stands != ask.version:
            raise DraftMovedOn(version=stands)
        if not stands and await store.count(tx, author) >= MOST_DRAFTS:
            raise TooManyDrafts
        done = DraftSaved(draft=opened.draft, version=await store.next_version(tx), saved_at=call.now)
        content = Content(text=ask.text, condition=ask.condition)
        saved = store.Saved(
            author=author,
            id=opened.draft,
            patient=opened.place.patient,
            thread=opened.place.thread,
            version=done.version,
            sealed=opened.keys.seal(msgspec.json.encode(content), **_bound(opened.draft, author, done.version)),
            saved_at=call.now,
        )
        await store.save(tx, saved)
        await audit.record(tx, call, "write", patient=saved.patient, object=saved.id, range="draft")
        await idempotency.keep(tx, call, done)
    return done


async def drafts(ground: MessagingGround, call: Call, ask: AskDrafts) -> Drafts:
    """The caller's own drafts whose places still open to them, once the look is on record."""
    author = call.person.id
    async with ground.db.reading() as tx:
        found = await store.newest(tx, author, ask.before or NEWEST, ask.thread, ask.limit)
    opened = [one for row in found if (one := await _if_open(ground, call, row))]
    async with ground.db.transaction() as tx:
        rows = {row["id"]: row for row in await store.these(tx, author, [one.draft for one in opened])}
        shown = [one for one in opened if one.draft in rows and await _still(one, tx, call)]
        patients: set[UUID | None] = {one.place.patient for one in shown}
        read = [audit.Entry(call, "read", patient, None, f"{len(shown)} drafts") for patient in patients or {None}]
        await audit.record_all(tx, read)
    return Drafts(
        drafts=[_draft(one, rows[one.draft]) for one in shown],
        before=found[-1]["version"] if len(found) == ask.limit else None,
    )


async def discard_draft(ground: MessagingGround, call: Call, ask: DiscardDraft) -> DraftDiscarded:
    """Throw the caller's own draft away; raises NoSuchDraft, DraftMovedOn."""
    author = call.person.id
    async with ground.db.transaction() as tx:
        patient = await store.discard(tx, author, ask.draft, ask.version)
        if patient is None:
            stands = await store.version(tx, author, ask.draft)
            raise DraftMovedOn(version=stands) if stands else NoSuchDraft
        await audit.record(tx, call, "write", patient=patient, object=ask.draft, range="draft discarded")
        done = DraftDiscarded(draft=ask.draft)
        await idempotency.keep(tx, call, done)
    return done


async def _place(ground: MessagingGround, call: Call, ask: SaveDraft) -> Place:
    """Where the caller writes: in a thread, or for a patient about a condition; raises Invalid, NoSuchThread."""
    if ask.thread is not None:
        if ask.patient is not None or ask.condition is not None:
            raise Invalid(field="thread", problem="given beside a patient or a condition")
        card = await ground.card(ask.thread)
        return Place(call.person.id, card.patient, thread=card.id)
    if ask.patient is None or ask.condition is None:
        raise Invalid(field="condition" if ask.patient else "patient", problem="missing")
    return Place(call.person.id, ask.patient, condition=ask.condition)


async def _opened(ground: MessagingGround, call: Call, place: Place, draft: UUID | None = None) -> _Opened:
    """The place with its keys; raises NotFound where it does not open to the caller."""
    if place.thread is not None:
        vouched = await vouch(ground, call, place.thread)
    else:
        vouched = await require_open(ground, call, place.patient)
    draft = draft or place.draft(ground.bus.secret)
    return _Opened(place, draft, await ground.sealing.keys(place.patient, place.group(draft)), vouched)


async def _if_open(ground: MessagingGround, call: Call, row: asyncpg.Record) -> _Opened | None:
    """The draft's place, unless it no longer opens to its author."""
    try:
        return await _opened(ground, call, Place(call.person.id, row["patient"], row["thread"]), row["id"])
    except NotFound:
        return None


async def _still(opened: _Opened, tx: Tx, call: Call) -> bool:
    try:
        await opened.still(tx, call)
    except NotFound:
        return False
    return True


def _bound(draft: UUID, author: UUID, version: int) -> dict[str, Any]:
    """What the seal binds: whose draft it is, and which version."""
    return {"kind": Kind.DRAFT, "object": draft, "author": author, "sequence": version}


def _draft(opened: _Opened, row: asyncpg.Record) -> Draft:
    plain = opened.keys.open(row["sealed"], **_bound(row["id"], opened.place.author, row["version"]))
    content = msgspec.json.decode(plain, type=Content)
    return Draft(
        draft=row["id"],
        patient=row["patient"],
        thread=row["thread"],
        condition=content.condition,
        version=row["version"],
        text=content.text,
        saved_at=row["saved_at"],
    )
