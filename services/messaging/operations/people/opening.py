"""Open a request for a person within a transaction that does something else too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from baton_events.messaging import PersonRequested
from services.messaging.model.people import JOIN_WITHIN, MOST_TOLD, OWNER, PersonRequest, Told
from services.messaging.store import people as store
from shared.outbox import announce
from shared.sealing import Kind

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx
    from shared.requests.people import About
    from shared.sealing import GroupKeys


@dataclass(frozen=True)
class Opened:
    """The request that stands, and whether it is `new` or was open before."""

    request: PersonRequest
    new: bool


async def request_in(
    tx: Tx,
    *,
    patient: UUID,
    thread: UUID,
    about: About,
    told: Told,
    by: UUID,
    keys: GroupKeys,
    now: datetime,
) -> Opened:
    """Have a person called into the thread with what the patient was doing, or add that to the request open there.

    Asking again is said too, so that it is known how often the patient had to.

    The thread is locked, or made in this transaction; `keys` are the thread's; `by` asks, the patient or their proxy.
    The caller refuses who is erased, and puts its own request on record.
    """
    request = await store.open_in(tx, patient, OWNER[about], thread)
    new = request is None
    if request is None:
        request = PersonRequest(
            id=uuid4(),
            patient=patient,
            thread=thread,
            owner=OWNER[about],
            requested_by=by,
            at=now,
            due=now + JOIN_WITHIN,
        )
        await store.add(tx, request)
    await announce(tx, _requested(request), now)
    number = 1 if new else await store.contexts(tx, request.id) + 1
    if number > MOST_TOLD:
        return Opened(request, new)
    sealed = keys.seal(
        msgspec.json.encode(told), kind=Kind.PERSON_CONTEXT, object=request.id, author=by, sequence=number
    )
    await store.add_context(tx, request.id, number, by, sealed, now)
    return Opened(request, new)


def _requested(request: PersonRequest) -> PersonRequested:
    return PersonRequested(request=request.id, patient=request.patient, join_owner=request.owner, join_due=request.due)
