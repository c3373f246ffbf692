"""To whom a consult opens: the patient's side, who sees to it, who was called because of it, and who treats them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.model.consults import ConsultRow, NoSuchConsult
from services.messaging.store import consults as store
from services.messaging.store import threads
from shared.errors import NotFound
from shared.identity.access import may_open
from shared.requests.directory import Ground

if TYPE_CHECKING:
    from uuid import UUID

    from services.messaging.model.threads import ThreadNow
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx

FOR_THEM = frozenset({Ground.SELF, Ground.PROXY})


async def require_own(ground: MessagingGround, call: Call, patient: UUID) -> None:
    """Raise NotFound unless the caller is the patient or holds their proxy."""
    if await may_open(ground, call, patient) not in FOR_THEM:
        raise NotFound


async def found(ground: MessagingGround, consult: UUID) -> ConsultRow:
    """The consult, looked up before the transaction that decides; raises NoSuchConsult."""
    async with ground.db.reading() as tx:
        row = await store.find(tx, consult)
    if row is None or row.erased:
        raise NoSuchConsult
    return row


async def own(ground: MessagingGround, call: Call, consult: UUID) -> ConsultRow:
    """The consult, if it is the caller's or of somebody whose proxy they hold; raises NoSuchConsult."""
    row = await found(ground, consult)
    if await may_open(ground, call, row.patient) not in FOR_THEM:
        raise NoSuchConsult
    return row


async def seen_to(ground: MessagingGround, call: Call, consult: UUID) -> ConsultRow:
    """The consult, if the caller sees to it; raises NoSuchConsult."""
    row = await found(ground, consult)
    if row.thread is None or row.assigned != call.person.id or row.assigned == row.patient:
        raise NoSuchConsult
    return row


async def locked(tx: Tx, row: ConsultRow) -> tuple[ConsultRow, ThreadNow]:
    """The consult and its thread as they stand now, the thread locked first; raises NoSuchConsult."""
    assert row.thread is not None, "a consult that was begun has a thread"
    thread = (await threads.lock(tx, [row.thread])).get(row.thread)
    now = await store.lock(tx, row.id)
    if thread is None or now is None or now.erased:
        raise NoSuchConsult
    return now, thread


async def locked_by(tx: Tx, call: Call, row: ConsultRow) -> tuple[ConsultRow, ThreadNow]:
    """The same, where the caller still sees to it."""
    now, thread = await locked(tx, row)
    if thread.assigned != call.person.id:
        raise NoSuchConsult
    return now, thread
