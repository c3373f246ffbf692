"""On which side of a thread somebody stands, and whether it opens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import Party
from services.messaging.model.threads import NoSuchThread, ThreadNow, proven
from services.messaging.store import threads as store
from shared.errors import Forbidden
from shared.identity.access import may_open
from shared.identity.people import STAFF, Person
from shared.requests.directory import Ground

if TYPE_CHECKING:
    from uuid import UUID

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx


def party_of(person: Person) -> Party:
    """On which side somebody stands by their roles; see `side` for a member of staff who is a patient or a proxy."""
    return Party.STAFF if person.roles & STAFF else Party.PATIENT


def side(call: Call, vouched: Ground | None) -> Party:
    """The patient's side is the patient and their proxies, whoever else they are; everybody else is staff."""
    if vouched is None:
        return party_of(call.person)
    return Party.STAFF if vouched is Ground.TREATMENT else Party.PATIENT


async def vouch(ground: MessagingGround, call: Call, thread: UUID) -> Ground | None:
    """On what ground the directory lets the caller in; None where the thread's own rows do. Raises NoSuchThread.

    Asked before the transaction opens; `admit` decides in it.
    """
    card = await ground.card(thread)
    async with ground.db.transaction() as tx:
        now = await store.look(tx, thread)
    if now is None or now.erased:
        raise NoSuchThread
    if proven(now, call.person.id, party_of(call.person), call.person.teams):
        return None
    found = await may_open(ground, call, card.patient)
    if found is None:
        raise NoSuchThread
    return found


async def as_staff(ground: MessagingGround, call: Call, thread: UUID) -> Ground | None:
    """What `vouch` gives; raises Forbidden where the caller stands on the patient's side.

    Whose proxy works in the thread's team reads it as either, and decides nothing in it for the practice.
    """
    vouched = await vouch(ground, call, thread)
    stands = vouched or await may_open(ground, call, (await ground.card(thread)).patient)
    if stands is not None and side(call, stands) is Party.PATIENT:
        raise Forbidden
    return vouched


def admit(now: ThreadNow | None, call: Call, *, vouched: Ground | None) -> ThreadNow:
    """Let the caller into the thread as the transaction sees it; raises NoSuchThread."""
    if now is None or now.erased:
        raise NoSuchThread
    if vouched is None and not proven(now, call.person.id, party_of(call.person), call.person.teams):
        raise NoSuchThread
    return now


async def locked(tx: Tx, call: Call, thread: UUID, *, vouched: Ground | None) -> ThreadNow:
    """The thread, locked and open to the caller; raises NoSuchThread."""
    return admit((await store.lock(tx, [thread])).get(thread), call, vouched=vouched)
