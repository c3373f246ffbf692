"""Give a treatment plan, and acknowledge it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.messaging import ConsultAnswered, PlanAcknowledged, PlanGiven
from services.messaging.model.clock import closed
from services.messaging.model.consults import (
    IN_CARE,
    ConsultNotOpen,
    ConsultRow,
    PlanSuperseded,
    PlanVersionTaken,
    ProviderNotLicensed,
)
from services.messaging.operations import clock
from services.messaging.operations.consults.access import locked, locked_by, own, seen_to
from services.messaging.operations.consults.asking import who_may_treat
from services.messaging.operations.consults.sealed import keys_of, seal_plan
from services.messaging.store import consults, plans
from shared import audit, idempotency
from shared.outbox import announce
from shared.requests.consults import ConsultState, ConsultStatus

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.consults import Acknowledge, GivePlan


async def give_plan(ground: MessagingGround, call: Call, ask: GivePlan) -> ConsultState:
    """Keep the next version of the plan; the first one treats the patient and begins their follow-up days.

    Raises NoSuchConsult, ProviderNotLicensed, ConsultNotOpen, ThreadIsClosed, PlanVersionTaken.
    """
    row, author = await seen_to(ground, call, ask.consult), call.person.id
    keys = await keys_of(ground, row.patient)
    if not await who_may_treat(ground, call, row.patient, author):
        raise ProviderNotLicensed
    sealed = seal_plan(keys, author, ask)
    done = ConsultState(consult=row.id, status=ConsultStatus.TREATED, version=ask.version)
    async with ground.db.transaction() as tx:
        now, thread = await locked_by(tx, call, row)
        if now.stands not in IN_CARE:
            raise ConsultNotOpen(state=now.stands)
        if thread.closed:
            raise closed(thread.card.kind)
        if ask.version != now.version + 1:
            raise PlanVersionTaken(newest=now.version)
        await plans.add(tx, now.id, ask.version, author, sealed, call.now)
        await consults.treat(tx, now.id, ask.version, author, call.now)
        await _say(tx, call, now, ask.version)
        await audit.record(tx, call, "write", patient=now.patient, object=now.id, range=f"plan {ask.version}")
        await idempotency.keep(tx, call, done)
    return done


async def _say(tx: Tx, call: Call, now: ConsultRow, version: int) -> None:
    """A plan is an answer where there was none; its first version begins the days."""
    assert now.thread is not None
    author = call.person.id
    if now.answered_at is None:
        await announce(tx, ConsultAnswered(consult=now.id, patient=now.patient, clinician=author), call.now)
    given = PlanGiven(consult=now.id, thread=now.thread, patient=now.patient, clinician=author, version=version)
    await announce(tx, given, call.now)
    if version == 1:
        await clock.begin(tx, now.id, now.thread, now.patient, call.now)


async def acknowledge(ground: MessagingGround, call: Call, ask: Acknowledge) -> ConsultState:
    """Note that the patient has read the newest version; again, nothing changes.

    Raises NoSuchConsult, ConsultNotOpen, PlanSuperseded.
    """
    row, person = await own(ground, call, ask.consult), call.person.id
    if row.thread is None:
        raise ConsultNotOpen(state=row.stands)
    async with ground.db.transaction() as tx:
        now, _ = await locked(tx, row)
        if now.version == 0:
            raise ConsultNotOpen(state=now.stands)
        if ask.version != now.version:
            raise PlanSuperseded(newest=now.version)
        if await plans.acknowledge(tx, now.id, ask.version, person, call.now):
            read = PlanAcknowledged(consult=now.id, patient=now.patient, acknowledged_by=person, version=ask.version)
            await announce(tx, read, call.now)
        await audit.record(tx, call, "write", patient=now.patient, object=now.id, range=f"plan {ask.version}")
        done = ConsultState(consult=now.id, status=now.stands, version=now.version)
        await idempotency.keep(tx, call, done)
    return done
