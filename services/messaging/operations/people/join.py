"""Join a patient who asked for a person: exactly one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import ThreadKind
from baton_events.messaging import PersonJoined, ThreadClaimed, ThreadHandedOver, ThreadOpened
from services.messaging.model.consults import derived
from services.messaging.model.custody import serves
from services.messaging.model.people import (
    KIND,
    OWNER,
    AlreadyJoined,
    NoSuchRequest,
    RequestWithdrawn,
    may_join,
)
from services.messaging.model.threads import ThreadCard, owner_of
from services.messaging.store import custody, threads
from services.messaging.store import people as store
from shared import audit, idempotency
from shared.errors import Unavailable
from shared.identity.access import may_open
from shared.outbox import announce
from shared.requests.directory import Ground
from shared.requests.people import PersonState

if TYPE_CHECKING:
    from services.messaging.model.people import PersonRequest
    from services.messaging.model.threads import ThreadNow
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.people import OfRequest


async def join_person(ground: MessagingGround, call: Call, ask: OfRequest) -> PersonState:
    """Be the person the patient waits for: in their thread from now on, and seeing to it where nobody does yet.

    Where that thread was closed while they waited, in a new one. Raises NoSuchRequest, RequestWithdrawn, and
    AlreadyJoined with who was faster.
    """
    person = call.person
    found, fresh = await _found(ground, call, ask)
    async with ground.db.transaction() as tx:
        thread = (await threads.lock(tx, [found.thread]))[found.thread]
        request = await store.lock(tx, ask.request)
        if thread.erased or request is None:
            raise NoSuchRequest
        if request.withdrawn_at is not None:
            raise RequestWithdrawn
        if request.joined_by not in {None, person.id}:
            raise AlreadyJoined(joined_by=str(request.joined_by))
        if request.open:
            await store.join(tx, request.id, person.id, call.now)
            await _let_in(tx, call, thread)
            if thread.closed:
                await _begin(tx, call, fresh)
            joined = PersonJoined(request=request.id, patient=request.patient, joined_by=person.id)
            await announce(tx, joined, call.now)
        await audit.record(tx, call, "write", patient=request.patient, object=request.id, range="person request")
        into = await threads.card(tx, _anew(ground, found).id) or thread.card
        done = PersonState(request=request.id, thread=into.id, joined_by=person.id, withdrawn=False)
        await idempotency.keep(tx, call, done)
    return done


async def _found(ground: MessagingGround, call: Call, ask: OfRequest) -> tuple[PersonRequest, ThreadCard | None]:
    """The request, if the caller may join it, and the thread to begin where its own is closed, with keys made."""
    async with ground.db.reading() as tx:
        found = await store.find(tx, ask.request)
        thread = await threads.look(tx, found.thread) if found else None
    if found is None or thread is None or not may_join(found, call.person.id, call.person.teams, call.now):
        raise NoSuchRequest
    if thread.erased or await may_open(ground, call, found.patient) in {Ground.SELF, Ground.PROXY}:
        raise NoSuchRequest
    if not thread.closed or not found.open:
        return found, None
    fresh = _anew(ground, found)
    await ground.sealing.keys(fresh.patient, fresh.id)
    return found, fresh


def _anew(ground: MessagingGround, request: PersonRequest) -> ThreadCard:
    """The thread that takes the place of the request's when that is closed."""
    about = next(about for about, owner in OWNER.items() if owner == request.owner)
    return ThreadCard(derived(ground.bus.secret, "joined", request.id), request.patient, KIND[about])


async def _begin(tx: Tx, call: Call, card: ThreadCard | None) -> None:
    """A thread in which the two can write; raises Unavailable where there are no keys for it yet."""
    if card is None:
        raise Unavailable(retry_after=1)
    await threads.open_thread(tx, card, call.person.id, call.now)
    await announce(tx, ThreadOpened(thread=card.id, patient=card.patient, thread_kind=card.kind), call.now)
    await _let_in(tx, call, (await threads.lock(tx, [card.id]))[card.id])


async def _let_in(tx: Tx, call: Call, thread: ThreadNow) -> None:
    """Open the thread to the caller: support sees to it from now on, whoever gives care takes part in it."""
    person = call.person
    if thread.card.kind is ThreadKind.SUPPORT and serves("support", person.roles, person.teams):
        if thread.assigned != person.id or thread.team != "support":
            await _see_to(tx, call, thread, "support")
        return
    await threads.join(tx, thread.card.id, person.id, call.now)
    if thread.assigned is None and not thread.closed and thread.card.kind is not ThreadKind.CONSULT:
        await _see_to(tx, call, thread, thread.team)


async def _see_to(tx: Tx, call: Call, thread: ThreadNow, team: str) -> None:
    """Have the caller see to the thread; what another team owed an answer to is the caller's team's from now on."""
    at = thread.moment(call.now)
    step = custody.Step(
        thread=thread.card.id,
        number=thread.custody + 1,
        how="claimed",
        at=at,
        person=call.person.id,
        from_person=thread.assigned,
        from_team=thread.team,
        to_person=call.person.id,
        to_team=team,
    )
    await custody.add(tx, step)
    card, person = thread.card, call.person.id
    if team == thread.team:
        taken = ThreadClaimed(thread=card.id, patient=card.patient, claimed_by=person, question=thread.question)
        await announce(tx, taken, at)
        return
    moved = ThreadHandedOver(
        thread=card.id,
        patient=card.patient,
        handed_over_by=person,
        owner=owner_of(card.kind, team, person),
        reply_due=thread.reply_due,
        assigned=person,
        question=thread.question,
        answer_due=thread.question_due,
    )
    await announce(tx, moved, at)
