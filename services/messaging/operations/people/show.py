"""Show who is waited for: to staff what their teams may join, to patients their own, to who joined the context."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.messaging.model.people import NoSuchRequest, may_read
from services.messaging.model.people import Told as Kept
from services.messaging.store import people as store
from services.messaging.store import threads
from shared import audit
from shared.errors import NotFound
from shared.identity.access import may_open
from shared.identity.people import STAFF
from shared.requests.directory import Ground
from shared.requests.people import PersonContext, PersonRequest, PersonRequests, Told
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    import asyncpg

    from services.messaging.model import people as model
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.people import AskRequests, OfRequest
    from shared.sealing import GroupKeys

MOST = 100


async def person_requests(ground: MessagingGround, call: Call, ask: AskRequests) -> PersonRequests:
    """Open requests that the caller's teams may join, or a patient's own; ids and times only. Raises NotFound."""
    person = call.person
    patient = ask.patient if person.roles & STAFF else ask.patient or person.id
    if patient is not None and await may_open(ground, call, patient) not in {Ground.SELF, Ground.PROXY}:
        raise NotFound
    async with ground.db.transaction() as tx:
        if patient is None:
            found = await store.open_for(tx, person.teams, call.now, MOST)
        else:
            await refuse_erased(tx, patient)
            found = await store.of_patient(tx, patient, MOST)
        await audit.record(tx, call, "read", patient=patient, range=f"{len(found)} person requests")
    return PersonRequests(requests=[_shown(request) for request in found])


async def person_request(ground: MessagingGround, call: Call, ask: OfRequest) -> PersonContext:
    """What the patient was doing when they asked, to them and to who joined; raises NoSuchRequest."""
    async with ground.db.reading() as tx:
        found = await store.find(tx, ask.request)
    if found is None:
        raise NoSuchRequest
    own = await may_open(ground, call, found.patient) in {Ground.SELF, Ground.PROXY}
    if not own and not may_read(found, call.person.id, call.person.teams):
        raise NoSuchRequest
    keys = await ground.sealing.keys(found.patient, found.thread)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, found.patient)
        thread = await threads.look(tx, found.thread)
        if thread is None or thread.erased:
            raise NoSuchRequest
        rows = await store.context(tx, found.id)
        seen = f"context 1-{len(rows)}"
        await audit.record(tx, call, "read", patient=found.patient, object=found.id, range=seen)
    return PersonContext(request=_shown(found), told=[_opened(keys, found, row) for row in rows])


def _shown(request: model.PersonRequest) -> PersonRequest:
    return PersonRequest(
        request=request.id,
        patient=request.patient,
        thread=request.thread,
        owner=request.owner,
        since=request.at,
        due=request.due,
        joined_by=request.joined_by,
        joined_at=request.joined_at,
        withdrawn=request.withdrawn_at is not None,
    )


def _opened(keys: GroupKeys, request: model.PersonRequest, row: asyncpg.Record) -> Told:
    plain = keys.open(
        row["sealed"],
        kind=Kind.PERSON_CONTEXT,
        object=request.id,
        author=row["author"],
        sequence=row["number"],
    )
    kept = msgspec.structs.asdict(msgspec.json.decode(plain, type=Kept))
    return Told(at=row["at"], by=row["author"], **kept)
