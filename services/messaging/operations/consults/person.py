"""Have a person called because of a consult, into a thread of its own, with the context attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import ThreadKind
from baton_events.messaging import ThreadOpened
from services.messaging.model.people import PersonRequest, Told
from services.messaging.model.threads import ThreadCard
from services.messaging.operations.people import request_in
from services.messaging.store import threads
from shared.outbox import announce
from shared.requests.people import About

if TYPE_CHECKING:
    from uuid import UUID

    from shared.call import Call
    from shared.database import Tx
    from shared.sealing import GroupKeys


async def call_person(
    tx: Tx, call: Call, *, patient: UUID, consult: UUID, thread: UUID, keys: GroupKeys, place: str, words: str
) -> PersonRequest:
    """Open the thread and call the on-call clinician into it; `keys` are the thread's."""
    card = ThreadCard(thread, patient, ThreadKind.CARE)
    await threads.open_thread(tx, card, call.person.id, call.now)
    await announce(tx, ThreadOpened(thread=thread, patient=patient, thread_kind=card.kind), call.now)
    opened = await request_in(
        tx,
        patient=patient,
        thread=thread,
        about=About.CARE,
        told=Told(place=place, consult=consult, words=words),
        by=call.person.id,
        keys=keys,
        now=call.now,
    )
    return opened.request
