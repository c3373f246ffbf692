"""Decline a consult, or take it back; before the plan, and nothing is charged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.messaging import ConsultDeclined, ConsultWithdrawn, ThreadClosed
from services.messaging.model.consults import UNTREATED, ConsultNotOpen, ConsultRow, derived
from services.messaging.operations.consults.access import locked, locked_by, own, seen_to
from services.messaging.operations.consults.person import call_person
from services.messaging.operations.consults.sealed import intake_of, keys_of, seal_reason
from services.messaging.store import consults as store
from services.messaging.store import threads
from shared import audit, idempotency
from shared.outbox import announce
from shared.requests.consults import ConsultState, ConsultStatus

if TYPE_CHECKING:
    from services.messaging.model.threads import ThreadNow
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.consults import Decline, OfConsult

PLACE = "consult-declined"


async def decline(ground: MessagingGround, call: Call, ask: Decline) -> ConsultState:
    """Say why, close the thread, and offer the next provider, a visit, or a person, who is called at once.

    Raises NoSuchConsult, ConsultNotOpen.
    """
    row = await seen_to(ground, call, ask.consult)
    keys = await keys_of(ground, row.patient)
    person_thread = derived(ground.bus.secret, "person", row.id)
    person_keys = await ground.sealing.keys(row.patient, person_thread) if ask.offers == "person" else None
    reason = seal_reason(keys, row.id, call.person.id, ask.reason)
    async with ground.db.transaction() as tx:
        now, thread = await locked_by(tx, call, row)
        _still_untreated(now)
        await store.decline(tx, now.id, call.person.id, call.now, ask.offers, reason)
        declined = ConsultDeclined(consult=now.id, patient=now.patient, clinician=call.person.id)
        await announce(tx, declined, call.now)
        await _close(tx, call, thread)
        called = None
        if person_keys is not None:
            words = f"{intake_of(keys, now).name}: {ask.reason}"
            called = await call_person(
                tx,
                call,
                patient=now.patient,
                consult=now.id,
                thread=person_thread,
                keys=person_keys,
                place=PLACE,
                words=words,
            )
            await store.called(tx, now.id, called.id)
        done = ConsultState(
            consult=now.id,
            status=ConsultStatus.DECLINED,
            version=0,
            person_request=called.id if called else None,
        )
        await audit.record(tx, call, "write", patient=now.patient, object=now.id)
        await idempotency.keep(tx, call, done)
    return done


async def withdraw(ground: MessagingGround, call: Call, ask: OfConsult) -> ConsultState:
    """Take the request back, and close its thread; raises NoSuchConsult, ConsultNotOpen."""
    row = await own(ground, call, ask.consult)
    _still_untreated(row)
    done = ConsultState(consult=row.id, status=ConsultStatus.WITHDRAWN, version=0)
    async with ground.db.transaction() as tx:
        now, thread = await locked(tx, row)
        _still_untreated(now)
        await store.withdraw(tx, now.id, call.now)
        await announce(tx, ConsultWithdrawn(consult=now.id, patient=now.patient), call.now)
        await _close(tx, call, thread)
        await audit.record(tx, call, "write", patient=now.patient, object=now.id)
        await idempotency.keep(tx, call, done)
    return done


def _still_untreated(row: ConsultRow) -> None:
    if row.status not in UNTREATED:
        raise ConsultNotOpen(state=row.stands)


async def _close(tx: Tx, call: Call, thread: ThreadNow) -> None:
    """Nothing more is written where nobody treats; it stays readable."""
    if not thread.closed:
        at = thread.moment(call.now)
        await threads.close(tx, thread.card.id, at)
        await announce(tx, ThreadClosed(thread=thread.card.id, patient=thread.card.patient), at)
