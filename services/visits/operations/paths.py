"""The path around a visit: the checklist before it, the guidance again the day before, the question after it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from baton_events.visits import GuidanceRepeated, OpinionGiven
from services.visits.model import times
from services.visits.model.refusals import NoSuchItem, OpinionGivenBefore
from services.visits.model.visit import OpinionWords, require_before, require_ended
from services.visits.operations.access import locked, require_patient, visit_of
from services.visits.operations.show import guidance_of
from services.visits.store import paths, visits
from shared import audit, idempotency
from shared.deadlines import cancel_deadlines, set_deadline
from shared.outbox.add import announce
from shared.requests.paths import OpinionKept, Ticked
from shared.requests.visits import VisitStatus
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.visits.model.visit import VisitRow
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx
    from shared.deadlines import Deadline
    from shared.requests.paths import GiveOpinion, Tick

GUIDANCE_AGAIN = "guidance-again"


async def tick(ground: Ground, call: Call, ask: Tick) -> Ticked:
    """Note that something to bring or do is done, or is not; raises NoSuchItem beyond the list."""
    patient = (await visit_of(ground, ask.visit)).patient
    await require_patient(ground, call, patient)
    keys = await ground.sealing.keys(patient, patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        visit = await locked(tx, ask.visit)
        require_before(visit)
        if ask.item not in guidance_of(visit, keys, ground.practice):
            raise NoSuchItem(field="item")
        if ask.done:
            await paths.tick(tx, visit.id, ask.item, call.person.id, call.now)
        else:
            await paths.untick(tx, visit.id, ask.item)
        await audit.record(tx, call, "write", patient=patient, object=visit.id)
        done = Ticked(visit=visit.id, item=ask.item, done=ask.done)
        await idempotency.keep(tx, call, done)
    return done


async def give_opinion(ground: Ground, call: Call, ask: GiveOpinion) -> OpinionKept:
    """Keep how the visit went, once; raises OpinionGivenBefore."""
    patient = (await visit_of(ground, ask.visit)).patient
    await require_patient(ground, call, patient)
    keys = await ground.sealing.keys(patient, patient)
    author = call.person.id
    words = msgspec.json.encode(OpinionWords(score=ask.score, words=ask.words))
    sealed = keys.seal(words, kind=Kind.OPINION, object=ask.visit, author=author)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        require_ended(await locked(tx, ask.visit))
        if not await paths.give_opinion(tx, ask.visit, author, sealed, call.now):
            raise OpinionGivenBefore
        await announce(tx, OpinionGiven(visit=ask.visit, patient=patient), call.now)
        await audit.record(tx, call, "write", patient=patient, object=ask.visit)
        done = OpinionKept(visit=ask.visit)
        await idempotency.keep(tx, call, done)
    return done


async def repeat_later(tx: Tx, visit: UUID, start: datetime, time_zone: str, now: datetime) -> None:
    """Have the guidance repeated the day before the visit, and at no other time; not when that is past."""
    await cancel_deadlines(tx, GUIDANCE_AGAIN, visit, now)
    again = times.guidance_again(start, ZoneInfo(time_zone))
    if again > now:
        await set_deadline(tx, GUIDANCE_AGAIN, visit, again)


async def repeat_guidance(ground: Ground, tx: Tx, deadline: Deadline) -> None:
    """Put the guidance before the patient again, unless the visit is not to come any more or at another time."""
    visit, now = await visits.lock(tx, deadline.entity), ground.clock()
    if visit is None or not _still_to_come(visit, deadline, now):
        return
    repeated = GuidanceRepeated(visit=visit.id, appointment=visit.appointment, patient=visit.patient)
    await announce(tx, repeated, now)


def _still_to_come(visit: VisitRow, deadline: Deadline, now: datetime) -> bool:
    at = times.guidance_again(visit.start, ZoneInfo(visit.time_zone))
    return visit.status is VisitStatus.PLANNED and at == deadline.due_at and now < visit.start
