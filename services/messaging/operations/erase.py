"""Erase a thread, or all that messaging has of a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.messaging import PersonRequestWithdrawn, ThreadErased
from services.messaging.model.threads import ConsultUnderWay, NoSuchThread
from services.messaging.operations import questions
from services.messaging.store import attachments, drafts
from services.messaging.store import erasures as store
from services.messaging.store import threads as threads_store
from shared import audit, idempotency
from shared.outbox import announce
from shared.requests.messaging import OfThread, ThreadState
from shared.sealing import erase_group, forget_group

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from baton_events.directory import ErasureApproved
    from services.messaging.operations.ground import MessagingGround
    from shared.app import Received
    from shared.call import Call
    from shared.database import Tx


async def erase_thread(ground: MessagingGround, call: Call, ask: OfThread) -> ThreadState:
    """Destroy the thread's keys for good; who had looked at it stays on record.

    It is refused to everybody before its keys go, and announced once they are gone; broken off in between, it is
    asked again and goes on. Raises NoSuchThread, ConsultUnderWay.
    """
    patient, groups = await _close_for_good(ground, call, ask.thread)
    for group in groups:
        await erase_group(ground.sealing, patient, group, call.now)
    async with ground.db.transaction() as tx:
        row = await store.lock(tx, ask.thread)
        if row is None or row["keys_destroyed_at"] is not None:
            raise NoSuchThread
        for group in groups:
            await forget_group(tx, patient, group)
        await attachments.release_of_thread(tx, ask.thread, call.now)
        await store.destroyed(tx, ask.thread, call.now)
        await announce(tx, ThreadErased(thread=ask.thread, patient=patient), call.now)
        done = ThreadState(thread=ask.thread, sequence=row["sequence"], closed=True)
        await idempotency.keep(tx, call, done)
    return done


async def _close_for_good(ground: MessagingGround, call: Call, thread: UUID) -> tuple[UUID, list[UUID]]:
    """Refuse the thread to everybody and end what is open in it; gives its patient and the groups of its keys."""
    async with ground.db.transaction() as tx:
        now = (await threads_store.lock(tx, [thread])).get(thread)
        row = await store.lock(tx, thread)
        if now is None or row is None or row["keys_destroyed_at"] is not None:
            raise NoSuchThread
        if await store.under_way(tx, thread):
            raise ConsultUnderWay
        patient = now.card.patient
        await questions.withdraw(tx, thread, patient, call.person.id, call.now)
        for request in await store.withdraw_requests(tx, thread, call.now):
            await announce(tx, PersonRequestWithdrawn(request=request, patient=patient), call.now)
        await store.erase(tx, thread, call.now)
        await audit.record(tx, call, "write", patient=patient, object=thread, range="erased")
        groups = [thread, *await attachments.groups_of_thread(tx, thread)]
    return patient, groups


async def end_all(tx: Tx, got: Received[ErasureApproved], now: datetime) -> None:
    """Nothing of the erased patient is read, open, owed or due any more."""
    await store.end_all(tx, got.event.patient, now)
    await drafts.forget(tx, got.event.patient)
    await attachments.release_of_patient(tx, got.event.patient, now)
