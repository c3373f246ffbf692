"""Correct a message, take it back, and show what it said before."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from baton_events.messaging import MessageCorrected, MessageRetracted
from services.messaging.model.corrections import (
    MessageNow,
    NoSuchMessage,
    against_correcting,
    against_retracting,
    may_see_versions,
)
from services.messaging.model.threads import NoSuchThread
from services.messaging.operations.consequences import OF_CORRECTIONS, Placed, settled
from services.messaging.operations.emergency import guidance
from services.messaging.operations.party import admit, locked, side, vouch
from services.messaging.operations.post import Letter
from services.messaging.store import corrections as store
from services.messaging.store import threads
from shared import audit, idempotency
from shared.outbox import announce
from shared.requests.corrections import Corrected, Retracted, Version, Versions
from shared.sealing import Kind
from shared.telemetry import trace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import asyncpg

    from services.messaging.model.threads import ThreadCard
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.corrections import Correct, OfMessage
    from shared.requests.directory import Ground
    from shared.sealing import GroupKeys


async def correct(ground: MessagingGround, call: Call, ask: Correct) -> Corrected:
    """Let the message say something else from now on; what it said is kept.

    Raises NoSuchMessage, NotTheAuthor, MessageRetracted, ThreadIsClosed, CorrectedMeanwhile, CorrectedOften.
    """
    card, vouched = await _opened(ground, call, ask.message)
    letter = Letter(
        call=call,
        card=card,
        keys=await ground.keys(card),
        party=side(call, vouched),
        text=ask.text,
        trace=trace.current_traceparent(),
        vouched=vouched is not None,
        emergency=await guidance(ground, call, ask.text),
        message=ask.message,
    )
    async with ground.db.transaction() as tx:
        with _as_of_a_message():
            thread = await locked(tx, call, card.id, vouched=vouched)
        message = await store.message(tx, ask.message)
        against = against_correcting(message, thread, call.person.id, ask.revision)
        placed = Placed(letter, thread, message.sequence)
        against = against or await settled(tx, placed, OF_CORRECTIONS)
        if against is not None:
            raise against
        done = Corrected(
            message=message.id,
            thread=card.id,
            sequence=message.sequence,
            revision=message.revision + 1,
            at=call.now,
            emergency=next(iter(placed.emergency), None),
        )
        await store.correct(tx, message.id, done.revision, _seal(letter, done), call.now)
        event = MessageCorrected(
            message=message.id,
            thread=card.id,
            patient=card.patient,
            author=message.author,
            thread_sequence=message.sequence,
            revision=done.revision,
        )
        await announce(tx, event, call.now)
        written = f"message {message.sequence} revision {done.revision}"
        await audit.record(tx, call, "write", patient=card.patient, object=card.id, range=written)
        await idempotency.keep(tx, call, done)
    return done


async def retract(ground: MessagingGround, call: Call, ask: OfMessage) -> Retracted:
    """Take the message back: its place stays and what it said is kept for the record.

    Raises NoSuchMessage, NotTheAuthor, MessageRetracted, ThreadIsClosed, StillOwed.
    """
    card, vouched = await _opened(ground, call, ask.message)
    async with ground.db.transaction() as tx:
        with _as_of_a_message():
            thread = await locked(tx, call, card.id, vouched=vouched)
        message = await store.message(tx, ask.message)
        against = against_retracting(
            message,
            thread,
            call.person.id,
            follow_up=await store.is_follow_up(tx, message.id),
            only_answer=await store.is_only_answer(tx, message),
        )
        if against is not None:
            raise against
        await store.retract(tx, message.id, call.now)
        event = MessageRetracted(
            message=message.id,
            thread=card.id,
            patient=card.patient,
            author=message.author,
            thread_sequence=message.sequence,
        )
        await announce(tx, event, call.now)
        taken = f"message {message.sequence} retracted"
        await audit.record(tx, call, "write", patient=card.patient, object=card.id, range=taken)
        done = Retracted(message=message.id, thread=card.id, sequence=message.sequence, at=call.now)
        await idempotency.keep(tx, call, done)
    return done


async def revisions(ground: MessagingGround, call: Call, ask: OfMessage) -> Versions:
    """Everything the message ever said, once the look is on record; raises NoSuchMessage."""
    card, vouched = await _opened(ground, call, ask.message)
    keys = await ground.keys(card)
    async with ground.db.transaction() as tx:
        with _as_of_a_message():
            admit(await threads.look(tx, card.id), call, vouched=vouched)
        message = await store.message(tx, ask.message)
        if not may_see_versions(message, call.person.id, side(call, vouched)):
            raise NoSuchMessage
        rows = await store.versions(tx, message.id)
        seen = f"message {message.sequence}, {len(rows)} versions"
        await audit.record(tx, call, "read", patient=card.patient, object=card.id, range=seen)
    return Versions(
        message=message.id,
        thread=card.id,
        sequence=message.sequence,
        author=message.author,
        retracted_at=message.retracted_at,
        versions=[_version(keys, message, row) for row in rows],
    )


async def _opened(ground: MessagingGround, call: Call, message: UUID) -> tuple[ThreadCard, Ground | None]:
    """The message's thread, and on what ground it opens to the caller, as `vouch` gives it; raises NoSuchMessage."""
    async with ground.db.reading() as tx:
        thread = await store.thread_of(tx, message)
    if thread is None:
        raise NoSuchMessage
    with _as_of_a_message():
        vouched = await vouch(ground, call, thread)
        return await ground.card(thread), vouched


@contextmanager
def _as_of_a_message() -> Iterator[None]:
    """Whoever asked about a message is told of the message, the same whether it is there or not."""
    try:
        yield
    except NoSuchThread:
        raise NoSuchMessage from None


def _seal(letter: Letter, done: Corrected) -> bytes:
    return letter.keys.seal(
        letter.text.encode(),
        kind=Kind.MESSAGE,
        object=letter.message,
        author=letter.author,
        sequence=done.sequence,
        revision=done.revision,
    )


def _version(keys: GroupKeys, message: MessageNow, row: asyncpg.Record) -> Version:
    text = keys.open(
        row["sealed"],
        kind=Kind.MESSAGE,
        object=message.id,
        author=message.author,
        sequence=message.sequence,
        revision=row["revision"],
    )
    return Version(revision=row["revision"], text=text.decode(), at=row["at"])
