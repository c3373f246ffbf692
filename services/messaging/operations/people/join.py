"""Join a patient who asked for a person: exactly one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import ThreadKind
from baton_events.messaging import PersonJoined, ThreadClaimed, ThreadHandedOver
from services.messaging.model.custody import serves
from services.messaging.model.people import AlreadyJoined, NoSuchRequest, RequestWithdrawn, may_join
from services.messaging.model.threads import owner_of
from services.messaging.store import custody, threads
from services.messaging.store import people as store
from shared import audit, idempotency
from shared.identity.access import may_open
from shared.outbox import announce
from shared.requests.directory import Ground
from shared.requests.people import PersonState

if TYPE_CHECKING:
    from services.messaging.model.threads import ThreadNow
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.people import OfRequest


async def join_person(ground: MessagingGround, call: Call, ask: OfRequest) -> PersonState:
    """Be the person the patient waits for: in their thread from now on, and seeing to it where nobody does yet.

    Raises NoSuchRequest, RequestWithdrawn, and AlreadyJoined with who was faster.
    """
    person = call.person
    async with ground.db.reading() as tx:
        found = await store.find(tx, ask.request)
    if found is None or not may_join(found, person.id, person.teams, call.now):
        raise NoSuchRequest
    if await may_open(ground, call, found.patient) in {Ground.SELF, Ground.PROXY}:
        raise NoSuchRequest
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
            joined = PersonJoined(request=request.id, patient=request.patient, joined_by=person.id)
            await announce(tx, joined, call.now)
        await audit.record(tx, call, "write", patient=request.patient, object=request.id, range="person request")
        done = PersonState(request=request.id, thread=request.thread, joined_by=person.id, withdrawn=False)
        await idempotency.keep(tx, call, done)
    return done


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
