"""Read a thread, list threads, and note how far somebody has read."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING
from uuid import UUID

from baton_events.codes import Party, ThreadKind
from baton_events.messaging import MessageRead
from services.messaging.model import cursors
from services.messaging.model.delivery import delivery
from services.messaging.model.threads import NotYetWritten
from services.messaging.operations.attachments.manifest import carried
from services.messaging.operations.opening import text_of
from services.messaging.operations.party import admit, locked, side, vouch
from services.messaging.store import attachments
from services.messaging.store import threads as store
from services.messaging.store.delivery import reach
from shared import audit, idempotency
from shared.identity.access import require_open
from shared.outbox import announce
from shared.requests.messaging import MarkRead, Message, Messages, ReadMessages, Thread, Threads, ThreadState
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from services.messaging.model.attachments import Card
    from services.messaging.model.delivery import Reach
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.attachments import Attached
    from shared.requests.messaging import ReadThreads
    from shared.sealing import GroupKeys

END = 2**62
"""Above every sequence."""

MOST_FILES = 60
"""Files on one page."""

LAST = (datetime.max, UUID(int=2**128 - 1))  # noqa: DTZ901 - cursors are in UTC without saying so
"""After every thread."""


async def messages(ground: MessagingGround, call: Call, ask: ReadMessages) -> Messages:
    """A page of the thread, opened for the caller, once the look is on record; raises NoSuchThread."""
    card = await ground.card(ask.thread)
    vouched = await vouch(ground, call, ask.thread)
    keys = await ground.keys(card)
    async with ground.db.transaction() as tx:
        thread = admit(await store.look(tx, ask.thread), call, vouched=vouched)
        rows = await store.page(tx, ask.thread, ask.before or END, ask.limit)
        files = await attachments.of_messages(tx, [row["id"] for row in rows if row["retracted_at"] is None])
        rows = fitting(rows, files)
        reached = await reach(tx, ask.thread, closed=thread.closed)
        seen = f"messages {rows[-1]['sequence']}-{rows[0]['sequence']}" if rows else "no messages"
        await audit.record(tx, call, "read", patient=card.patient, object=card.id, range=seen)
    carries = carried(keys, files)
    return Messages(
        thread=card.id,
        messages=[_opened(keys, row, reached, call, carries.get(row["id"], [])) for row in rows],
        before=rows[-1]["sequence"] if rows and rows[-1]["sequence"] > 1 else None,
        read_by_patient=reached.read[Party.PATIENT],
        read_by_staff=reached.read[Party.STAFF],
    )


def fitting(rows: list[asyncpg.Record], files: Sequence[Card]) -> list[asyncpg.Record]:
    """The newest messages of a page that fit one answer with the names of the files they carry."""
    of = Counter(card.message for card in files)
    counted = accumulate(of[row["id"]] for row in rows)
    return [row for row, count in zip(rows, counted, strict=True) if count <= MOST_FILES]


def _opened(keys: GroupKeys, row: asyncpg.Record, reached: Reach, call: Call, files: list[Attached]) -> Message:
    party, own = Party(row["party"]), row["author"] == call.person.id
    return Message(
        message=row["id"],
        sequence=row["sequence"],
        author=row["author"],
        party=party,
        text=text_of(keys, row),
        at=row["at"],
        revision=row["revision"],
        corrected_at=row["corrected_at"],
        retracted_at=row["retracted_at"],
        attachments=files,
        delivery=delivery(reached, party, row["sequence"], row["at"], call.now) if own else None,
    )


async def threads(ground: MessagingGround, call: Call, ask: ReadThreads) -> Threads:
    """A page of the patient's threads with how much of each the caller has not seen; raises NotFound, BadCursor."""
    await require_open(ground, call, ask.patient)
    at, thread = cursors.read(ask.before) if ask.before else LAST
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        rows = await store.threads(tx, ask.patient, call.person.id, (at.replace(tzinfo=UTC), thread), ask.limit)
        await audit.record(tx, call, "read", patient=ask.patient, range=_range(rows))
    more = len(rows) == ask.limit
    return Threads(
        threads=[_listed(row) for row in rows],
        before=cursors.write(rows[-1]["last_at"], rows[-1]["id"]) if more else None,
    )


def _range(rows: list[asyncpg.Record]) -> str:
    return f"{len(rows)} threads, {rows[0]['id']} to {rows[-1]['id']}" if rows else "0 threads"


def _listed(row: asyncpg.Record) -> Thread:
    return Thread(
        thread=row["id"],
        patient=row["patient"],
        kind=ThreadKind(row["kind"]),
        closed=row["closed"],
        sequence=row["sequence"],
        unread=row["unread"],
        last_at=row["last_at"],
        assigned=row["assigned"],
        due=row["due"],
    )


async def mark_read(ground: MessagingGround, call: Call, ask: MarkRead) -> ThreadState:
    """Note how far the caller has read; announced only when it moves. Raises NoSuchThread, NotYetWritten."""
    vouched = await vouch(ground, call, ask.thread)
    person, party = call.person.id, side(call, vouched)
    async with ground.db.transaction() as tx:
        thread = await locked(tx, call, ask.thread, vouched=vouched)
        if ask.sequence > thread.sequence:
            raise NotYetWritten
        if await store.has_read(tx, ask.thread, person, party, ask.sequence):
            event = MessageRead(
                thread=ask.thread,
                patient=thread.card.patient,
                reader=person,
                reader_party=party,
                thread_sequence=ask.sequence,
            )
            await announce(tx, event, call.now)
        done = ThreadState(thread=ask.thread, sequence=thread.sequence, closed=thread.closed)
        await idempotency.keep(tx, call, done)
    return done
