"""Ask for a person from anywhere in the app, or no longer wait for one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from baton_events.codes import Party, ThreadKind
from baton_events.messaging import PersonRequestWithdrawn, ThreadOpened
from services.messaging.model.people import (
    KIND,
    OWNER,
    AlreadyJoined,
    NoSuchRequest,
    Told,
)
from services.messaging.model.questions import answer_due
from services.messaging.model.threads import ThreadCard, ThreadIsClosed
from services.messaging.operations.emergency import guidance
from services.messaging.operations.people.opening import request_in
from services.messaging.operations.post import Letter, place
from services.messaging.store import people as store
from services.messaging.store import threads
from shared import audit, idempotency
from shared.errors import NotFound, Unavailable
from shared.identity.access import may_open
from shared.outbox import announce
from shared.requests.directory import Ground
from shared.requests.people import About, PersonRequested, PersonState
from shared.sealing import refuse_erased
from shared.telemetry import trace

if TYPE_CHECKING:
    from uuid import UUID

    from services.messaging.model.people import PersonRequest
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.people import OfRequest, RequestPerson

ATTEMPTS = 3


class Moved(Exception):
    """The thread that was to carry the request is no longer the one."""


@dataclass(frozen=True)
class Carrier:
    """The thread that carries the request: one that exists, or a `new` one."""

    card: ThreadCard
    new: bool


async def request_person(ground: MessagingGround, call: Call, ask: RequestPerson) -> PersonRequested:
    """Open a request with its context in a thread, the words as a message there, or add them to the one that is open.

    Words that sound like an emergency go to the clinician on call. Raises NotFound.
    """
    await _require_own(ground, call, ask.patient)
    warned = await guidance(ground, call, ask.words or "")
    about = About.CARE if warned else ask.about
    hours = ground.practice.support_hours
    for _ in range(ATTEMPTS):
        carrier = await _carrier(ground, ask, about)
        keys = await ground.sealing.keys(ask.patient, carrier.card.id)
        letter = Letter(
            call=call,
            card=carrier.card,
            keys=keys,
            party=Party.PATIENT,
            text=ask.words or "",
            trace=trace.current_traceparent(),
            answer_due=answer_due(hours, call.now) if carrier.card.kind is ThreadKind.SUPPORT else None,
        )
        try:
            async with ground.db.transaction() as tx:
                await refuse_erased(tx, ask.patient)
                await _hold(tx, call, carrier, about)
                if ask.words:
                    # In a consult whose days ran out just now nothing is written; the words are told with the request.
                    with suppress(ThreadIsClosed):
                        await place(tx, letter)
                opened = await request_in(
                    tx,
                    patient=ask.patient,
                    thread=carrier.card.id,
                    about=about,
                    told=_told(ask),
                    by=call.person.id,
                    keys=keys,
                    now=call.now,
                )
                request = opened.request
                await audit.record(tx, call, "write", patient=ask.patient, object=request.id, range="person request")
                done = PersonRequested(
                    request=request.id, thread=request.thread, join_due=request.due, emergency=warned
                )
                await idempotency.keep(tx, call, done)
        except Moved:
            continue
        return done
    raise Unavailable(retry_after=1)


async def withdraw_person(ground: MessagingGround, call: Call, ask: OfRequest) -> PersonState:
    """No longer wait; done again it changes nothing. Raises NoSuchRequest, AlreadyJoined."""
    async with ground.db.reading() as tx:
        found = await store.find(tx, ask.request)
    if found is None or await may_open(ground, call, found.patient) not in {Ground.SELF, Ground.PROXY}:
        raise NoSuchRequest
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, found.patient)
        await threads.lock(tx, [found.thread])
        request = await store.lock(tx, ask.request)
        assert request is not None, "requests are never removed"
        if request.joined_by is not None:
            raise AlreadyJoined(joined_by=str(request.joined_by))
        if request.open:
            await store.withdraw(tx, request.id, call.now)
            await announce(tx, PersonRequestWithdrawn(request=request.id, patient=request.patient), call.now)
        await audit.record(tx, call, "write", patient=request.patient, object=request.id, range="person request")
        done = PersonState(request=request.id, thread=request.thread, joined_by=None, withdrawn=True)
        await idempotency.keep(tx, call, done)
    return done


async def _require_own(ground: MessagingGround, call: Call, patient: UUID) -> None:
    if await may_open(ground, call, patient) not in {Ground.SELF, Ground.PROXY}:
        raise NotFound


async def _carrier(ground: MessagingGround, ask: RequestPerson, about: About) -> Carrier:
    """The thread of the request that is open, the thread the patient is in, or a new one; raises NotFound."""
    async with ground.db.reading() as tx:
        inside = await threads.look(tx, ask.context.thread) if ask.context.thread else None
        waiting = await store.open_with(tx, ask.patient, OWNER[about])
        carrying = await threads.look(tx, waiting.thread) if waiting else None
    if ask.context.thread and (inside is None or inside.erased or inside.card.patient != ask.patient):
        raise NotFound
    if carrying is not None and not carrying.closed:
        return Carrier(carrying.card, new=False)
    if inside is not None and not inside.closed and inside.card.kind is KIND[about]:
        return Carrier(inside.card, new=False)
    return Carrier(ThreadCard(uuid4(), ask.patient, KIND[about]), new=True)


async def _hold(tx: Tx, call: Call, carrier: Carrier, about: About) -> None:
    """Lock the thread, or begin it; raises Moved where the patient waits in another by now."""
    card = carrier.card
    await store.one_at_a_time(tx, card.patient)
    if carrier.new:
        await threads.open_thread(tx, card, call.person.id, call.now)
        await announce(tx, ThreadOpened(thread=card.id, patient=card.patient, thread_kind=card.kind), call.now)
    held = (await threads.lock(tx, [card.id]))[card.id]
    waiting = await store.open_with(tx, card.patient, OWNER[about])
    if held.closed or (waiting is not None and not await _same(tx, waiting, card)):
        raise Moved


async def _same(tx: Tx, waiting: PersonRequest, card: ThreadCard) -> bool:
    """Whether the patient waits in this thread, or in one that is closed."""
    if waiting.thread == card.id:
        return True
    other = await threads.look(tx, waiting.thread)
    return other is None or other.closed


def _told(ask: RequestPerson) -> Told:
    doing = ask.context
    return Told(
        place=doing.place,
        appointment=doing.appointment,
        visit=doing.visit,
        prescription=doing.prescription,
        consult=doing.consult,
        thread=doing.thread,
        words=ask.words,
    )
