"""Claim a thread, hand it over, release it to its team, and tell who had it when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from baton_events.codes import Party, ThreadKind
from baton_events.messaging import ThreadClaimed, ThreadHandedOver, ThreadReleased
from services.messaging.model.clock import closed
from services.messaging.model.custody import (
    TEAMS,
    AlreadyTheirs,
    CannotSeeToIt,
    NotYoursToPassOn,
    OneReceiver,
    ThreadTaken,
    is_free,
    may_take,
    serves,
)
from services.messaging.model.threads import NoSuchThread, ThreadNow, proven, reply_owner
from services.messaging.operations.consults.taking_over import relationship_of
from services.messaging.operations.party import admit, as_staff, locked, vouch
from services.messaging.store import custody as store
from services.messaging.store import threads
from shared import audit, idempotency
from shared.errors import Forbidden
from shared.identity.access import may_open
from shared.identity.people import Role
from shared.outbox import announce
from shared.requests.custody import CustodyHistory, CustodyStep, ThreadCustody
from shared.requests.directory import CLINICIANS, FindClinicians, Ground
from shared.sealing import Kind

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

    from baton_events import Event
    from services.messaging.model.threads import ThreadCard
    from services.messaging.operations.ground import MessagingGround
    from services.messaging.store.custody import How
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.custody import HandOver
    from shared.requests.messaging import OfThread
    from shared.sealing import GroupKeys


async def claim(ground: MessagingGround, call: Call, ask: OfThread) -> ThreadCustody:
    """See to a thread in which the caller's team owes an answer: exactly one does, and doing it again changes nothing.

    A consult that nobody sees to waits for one of the team, also while its patient has written nothing.
    Raises NoSuchThread, ThreadIsClosed, ThreadTaken, CannotSeeToIt.
    """
    card, person = await ground.card(ask.thread), call.person
    opens = await may_open(ground, call, card.patient)
    if opens in {Ground.SELF, Ground.PROXY}:
        raise Forbidden
    licensed = card.kind is not ThreadKind.CONSULT or await _licensed(ground, card, person.id)
    async with ground.db.transaction() as tx:
        thread = (await threads.lock(tx, [ask.thread])).get(ask.thread)
        if thread is None or thread.erased or not serves(thread.team, person.roles, person.teams):
            raise NoSuchThread
        if not (thread.owed_by or is_free(thread) or opens or proven(thread, person.id, Party.STAFF, person.teams)):
            raise NoSuchThread
        if thread.closed:
            raise closed(card.kind)
        if not may_take(thread, person.id, call.now):
            raise ThreadTaken(assigned=str(thread.assigned))
        if not licensed:
            raise CannotSeeToIt
        done = ThreadCustody(thread=card.id, assigned=person.id, team=thread.team)
        if thread.assigned != person.id:
            after = await _pass(tx, call, thread, "claimed", person.id, thread.team)
            consult, _ = await store.consult_owed(tx, card.id)
            claimed = ThreadClaimed(
                thread=card.id,
                patient=card.patient,
                claimed_by=person.id,
                question=thread.question,
                consult=consult,
                relationship=relationship_of(ground, card, person.id),
            )
            return await _passed(tx, call, after, claimed)
        await idempotency.keep(tx, call, done)
    return done


async def hand_over(ground: MessagingGround, call: Call, ask: HandOver) -> ThreadCustody:
    """Have a member of the thread's team or another team see to it, with the reason sealed beside it.

    Whoever sees to it may, and where nobody does, whoever may open it. Raises NoSuchThread, ThreadIsClosed,
    NotYoursToPassOn, AlreadyTheirs, OneReceiver, CannotSeeToIt.
    """
    vouched = await as_staff(ground, call, ask.thread)
    if (ask.to_person is None) == (ask.to_team is None):
        raise OneReceiver
    card = await ground.card(ask.thread)
    keys = await ground.keys(card)
    licensed = await _receives(ground, card, ask.to_person)
    async with ground.db.transaction() as tx:
        thread = _to_pass_on(await locked(tx, call, ask.thread, vouched=vouched), call)
        team = ask.to_team or thread.team
        if (ask.to_person, team) == (thread.assigned, thread.team):
            raise AlreadyTheirs
        if not licensed or team not in TEAMS[card.kind] or not _is_of(ground, thread, ask.to_person):
            raise CannotSeeToIt
        reason = _sealed(keys, call, thread, ask.reason)
        after = await _pass(tx, call, thread, "handed-over", ask.to_person, team, reason)
        consult, consult_due = await store.consult_owed(tx, card.id)
        handed_over = ThreadHandedOver(
            thread=card.id,
            patient=card.patient,
            handed_over_by=call.person.id,
            owner=reply_owner(after),
            reply_due=thread.reply_due,
            assigned=ask.to_person,
            question=thread.question,
            answer_due=thread.question_due,
            consult=consult,
            consult_due=consult_due,
            relationship=relationship_of(ground, card, ask.to_person),
        )
        return await _passed(tx, call, after, handed_over)


async def release(ground: MessagingGround, call: Call, ask: OfThread) -> ThreadCustody:
    """Give the thread back to its team; raises NoSuchThread, ThreadIsClosed, NotYoursToPassOn."""
    vouched = await as_staff(ground, call, ask.thread)
    async with ground.db.transaction() as tx:
        thread = _to_pass_on(await locked(tx, call, ask.thread, vouched=vouched), call)
        if thread.assigned is None:
            raise NotYoursToPassOn
        after = await _pass(tx, call, thread, "released", None, thread.team)
        consult, consult_due = await store.consult_owed(tx, thread.card.id)
        released = ThreadReleased(
            thread=thread.card.id,
            patient=thread.card.patient,
            released_by=call.person.id,
            owner=reply_owner(after),
            reply_due=thread.reply_due,
            question=thread.question,
            answer_due=thread.question_due,
            consult=consult,
            consult_due=consult_due,
        )
        return await _passed(tx, call, after, released)


async def custody(ground: MessagingGround, call: Call, ask: OfThread) -> CustodyHistory:
    """Who sees to the thread and who did, to whoever may open it, once the look is on record; raises NoSuchThread."""
    card = await ground.card(ask.thread)
    vouched = await vouch(ground, call, ask.thread)
    keys = await ground.keys(card)
    async with ground.db.transaction() as tx:
        thread = admit(await threads.look(tx, ask.thread), call, vouched=vouched)
        rows = await store.steps(tx, ask.thread)
        await audit.record(tx, call, "read", patient=card.patient, object=card.id, range=f"custody 1-{len(rows)}")
    steps = [_opened(keys, row, card.id) for row in rows]
    return CustodyHistory(thread=card.id, assigned=thread.assigned, team=thread.team, steps=steps)


async def _receives(ground: MessagingGround, card: ThreadCard, person: UUID | None) -> bool:
    """Whether the law lets the person see to the thread; a consult takes a licence where the patient is."""
    if person is None or card.kind is not ThreadKind.CONSULT:
        return person != card.patient
    return await _licensed(ground, card, person)


async def _licensed(ground: MessagingGround, card: ThreadCard, clinician: UUID) -> bool:
    wanted = FindClinicians(patient=card.patient, clinician=clinician)
    found = await ground.bus.call_as_self(CLINICIANS, wanted, cause=None)
    return bool(found.clinicians)


def _is_of(ground: MessagingGround, thread: ThreadNow, person: UUID | None) -> bool:
    """Whether the person is of the thread's team, or the thread goes to no person; a consult goes to any clinician."""
    if person is None:
        return True
    member = ground.practice.staff.get(person)
    if member is None:
        return False
    if thread.card.kind is ThreadKind.CONSULT:
        return Role.CLINICIAN in member.roles
    return serves(thread.team, frozenset(member.roles), frozenset(member.teams))


def _to_pass_on(thread: ThreadNow, call: Call) -> ThreadNow:
    """The thread, if the caller may give it away."""
    if thread.closed:
        raise closed(thread.card.kind)
    if thread.assigned not in {None, call.person.id}:
        raise NotYoursToPassOn
    return thread


async def _pass(
    tx: Tx,
    call: Call,
    thread: ThreadNow,
    how: How,
    person: UUID | None,
    team: str,
    reason: bytes | None = None,
) -> ThreadNow:
    """Keep the step, and give the thread as it stands after it."""
    at = thread.moment(call.now)
    step = store.Step(
        thread=thread.card.id,
        number=thread.custody + 1,
        how=how,
        at=at,
        person=call.person.id,
        from_person=thread.assigned,
        from_team=thread.team,
        to_person=person,
        to_team=team,
        reason=reason,
    )
    await store.add(tx, step)
    return replace(thread, assigned=person, team=team, custody=step.number, since=at)


async def _passed(tx: Tx, call: Call, after: ThreadNow, event: Event) -> ThreadCustody:
    done = ThreadCustody(thread=after.card.id, assigned=after.assigned, team=after.team)
    await announce(tx, event, after.since or call.now)
    await audit.record(tx, call, "write", patient=after.card.patient, object=after.card.id, range="custody")
    await idempotency.keep(tx, call, done)
    return done


def _sealed(keys: GroupKeys, call: Call, thread: ThreadNow, reason: str) -> bytes:
    return keys.seal(
        reason.encode(),
        kind=Kind.HANDING_OVER,
        object=thread.card.id,
        author=call.person.id,
        sequence=thread.custody + 1,
    )


def _opened(keys: GroupKeys, row: asyncpg.Record, thread: UUID) -> CustodyStep:
    reason = row["reason"] and keys.open(
        row["reason"],
        kind=Kind.HANDING_OVER,
        object=thread,
        author=row["person"],
        sequence=row["number"],
    )
    return CustodyStep(**{**dict(row), "reason": reason and reason.decode()})
