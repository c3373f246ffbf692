"""The visit is over: what the clinician owes now, and what they write about it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from baton_events.visits import FollowUpDeclined, VisitEnded, VisitSummarised
from services.visits.model import times
from services.visits.model.refusals import AlreadySummarised, NoFollowUpOwed
from services.visits.model.visit import Summary, require_ended, require_under_way
from services.visits.operations.access import locked, require_own, require_patient, visit_of
from services.visits.store import gaps, visits
from shared import audit, idempotency
from shared.outbox.add import announce
from shared.requests.visits import EndVisit, OfVisit, Summarise, VisitOver, VisitState, VisitStatus
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call


async def end(ground: Ground, call: Call, ask: EndVisit) -> VisitOver:
    """End the visit; its summary is owed, and a message that evening if it was promised or the reason calls for it.

    Open orders stay with the lab team.
    """
    async with ground.db.transaction() as tx:
        visit = require_own(await visits.lock(tx, ask.visit), call)
        await refuse_erased(tx, visit.patient)
        require_under_way(visit)
        owed = ask.follow_up or visit.follow_up_called_for
        follow_up_due = times.follow_up_due(call.now, ZoneInfo(visit.time_zone)) if owed else None
        await visits.end(tx, visit.id, call.now, follow_up_due)
        await gaps.watch(tx, visit.patient, call.now)
        await announce(
            tx,
            VisitEnded(
                visit=visit.id,
                appointment=visit.appointment,
                patient=visit.patient,
                clinician=visit.clinician,
                clinician_owner=f"clinician:{visit.clinician}",
                summary_due=call.now + times.SUMMARY_WITHIN,
                follow_up_due=follow_up_due,
            ),
            call.now,
        )
        await audit.record(tx, call, "write", patient=visit.patient, object=visit.id)
        done = VisitOver(visit=visit.id, status=VisitStatus.FINISHED, follow_up_due=follow_up_due)
        await idempotency.keep(tx, call, done)
    return done


async def summarise(ground: Ground, call: Call, ask: Summarise) -> VisitState:
    """Write what happened and what comes next, once, for the patient to read."""
    patient = require_own(await visit_of(ground, ask.visit), call).patient
    keys = await ground.sealing.keys(patient, patient)
    words = msgspec.json.encode(Summary(summary=ask.summary, next_steps=ask.next_steps))
    async with ground.db.transaction() as tx:
        visit = require_own(await locked(tx, ask.visit), call)
        require_ended(visit)
        if visit.summary is not None:
            raise AlreadySummarised
        sealed = keys.seal(words, kind=Kind.SUMMARY, object=visit.id, author=visit.clinician)
        await visits.summarise(tx, visit.id, sealed, call.now)
        await announce(tx, VisitSummarised(visit=visit.id, patient=patient, clinician=visit.clinician), call.now)
        await audit.record(tx, call, "write", patient=patient, object=visit.id)
        done = VisitState(visit=visit.id, appointment=visit.appointment, status=visit.status)
        await idempotency.keep(tx, call, done)
    return done


async def decline_follow_up(ground: Ground, call: Call, ask: OfVisit) -> VisitState:
    """The patient does not want to be written to after this visit."""
    patient = (await visit_of(ground, ask.visit)).patient
    await require_patient(ground, call, patient)
    async with ground.db.transaction() as tx:
        visit = await locked(tx, ask.visit)
        require_ended(visit)
        if visit.follow_up_due is None or visit.follow_up_declined_at is not None:
            raise NoFollowUpOwed
        await visits.decline_follow_up(tx, visit.id, call.now)
        await announce(tx, FollowUpDeclined(visit=visit.id, patient=patient), call.now)
        await audit.record(tx, call, "write", patient=patient, object=visit.id)
        done = VisitState(visit=visit.id, appointment=visit.appointment, status=visit.status)
        await idempotency.keep(tx, call, done)
    return done
