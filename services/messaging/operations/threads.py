"""Begin a thread, end it, or settle that a message needs no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from baton_events.codes import ThreadKind
from baton_events.messaging import ReplyNotNeeded, ThreadClosed
from baton_events.messaging import ThreadOpened as Opened
from services.messaging.model.clock import ConsultEndsByItself
from services.messaging.model.consults import ConsultIsRequested
from services.messaging.model.threads import NothingToAnswer, ThreadCard, ThreadIsClosed
from services.messaging.operations import clock, questions
from services.messaging.operations.party import as_staff, locked
from services.messaging.store import follow_ups
from services.messaging.store import threads as store
from shared import audit, idempotency
from shared.errors import NotFound
from shared.identity.access import may_open
from shared.outbox import announce
from shared.requests.directory import Ground
from shared.requests.messaging import OfThread, OpenThread, ThreadOpen, ThreadState
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx


async def open_thread(ground: MessagingGround, call: Call, ask: OpenThread) -> ThreadOpen:
    """Begin a conversation with a patient whom the caller may open, or owes a follow-up.

    Raises ConsultIsRequested, NotFound.
    """
    if ask.kind is ThreadKind.CONSULT:
        raise ConsultIsRequested(field="kind")
    opens = await may_open(ground, call, ask.patient)
    if opens is None:
        async with ground.db.transaction() as tx:
            await _require_owed(tx, call, ask.patient)
    thread = ThreadCard(uuid4(), ask.patient, ask.kind)
    await ground.sealing.keys(ask.patient, thread.id)
    done = ThreadOpen(thread=thread.id)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        if opens is None:
            await _require_owed(tx, call, ask.patient)
        await store.open_thread(tx, thread, call.person.id, call.now)
        if opens in {None, Ground.TREATMENT}:
            await store.join(tx, thread.id, call.person.id, call.now)
        await announce(tx, Opened(thread=thread.id, patient=ask.patient, thread_kind=ask.kind), call.now)
        await audit.record(tx, call, "write", patient=ask.patient, object=thread.id)
        await idempotency.keep(tx, call, done)
    return done


async def reply_not_needed(ground: MessagingGround, call: Call, ask: OfThread) -> ThreadState:
    """Settle that the patient's last message asks for no answer; raises NoSuchThread, NothingToAnswer."""
    vouched = await as_staff(ground, call, ask.thread)
    async with ground.db.transaction() as tx:
        thread = await locked(tx, call, ask.thread, vouched=vouched)
        if thread.owed_by is None:
            raise NothingToAnswer
        patient, by, at = thread.card.patient, call.person.id, thread.moment(call.now)
        if thread.reply_owed:
            await store.settle_reply(tx, ask.thread, at)
            await announce(tx, ReplyNotNeeded(thread=ask.thread, patient=patient, decided_by=by), at)
        await questions.answer(tx, ask.thread, patient, by, at)
        if thread.card.kind is ThreadKind.CONSULT:
            await clock.resume(tx, ask.thread, call.now)
        await audit.record(tx, call, "write", patient=patient, object=ask.thread)
        done = ThreadState(thread=ask.thread, sequence=thread.sequence, closed=thread.closed)
        await idempotency.keep(tx, call, done)
    return done


async def close_thread(ground: MessagingGround, call: Call, ask: OfThread) -> ThreadState:
    """End the conversation; it stays readable. Raises NoSuchThread, ThreadIsClosed, ConsultEndsByItself."""
    vouched = await as_staff(ground, call, ask.thread)
    async with ground.db.transaction() as tx:
        thread = await locked(tx, call, ask.thread, vouched=vouched)
        if thread.closed:
            raise ThreadIsClosed
        if thread.card.kind is ThreadKind.CONSULT:
            raise ConsultEndsByItself
        patient, at = thread.card.patient, thread.moment(call.now)
        await store.close(tx, ask.thread, at)
        await announce(tx, ThreadClosed(thread=ask.thread, patient=patient), at)
        await questions.withdraw(tx, ask.thread, patient, call.person.id, at)
        await audit.record(tx, call, "write", patient=thread.card.patient, object=ask.thread)
        done = ThreadState(thread=ask.thread, sequence=thread.sequence, closed=True)
        await idempotency.keep(tx, call, done)
    return done


async def _require_owed(tx: Tx, call: Call, patient: UUID) -> None:
    """Whoever took a follow-up over can keep it without having treated the patient before; raises NotFound."""
    if not await follow_ups.owes_any(tx, patient, call.person.owners):
        raise NotFound
