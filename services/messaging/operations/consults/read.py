"""Show a consult, the patient's consults, and those a clinician sees to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.model.consults import ConsultRow, NoSuchConsult
from services.messaging.model.intake import visit_instead
from services.messaging.operations import clock
from services.messaging.operations.consults.access import found
from services.messaging.operations.consults.asking import cards
from services.messaging.operations.consults.sealed import intake_of, keys_of, plan_of, reason_of
from services.messaging.store import consults as store
from services.messaging.store import plans as plan_store
from shared import audit
from shared.identity.access import may_open, require_open
from shared.requests.consults import (
    Consult,
    ConsultLine,
    ConsultLines,
    Declined,
    OwedConsult,
    OwedConsults,
    Plan,
    Provider,
    Window,
)
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from services.messaging.model.clock import Clock
    from services.messaging.model.intake import Intake
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.common import OfPatient
    from shared.requests.consults import AskConsult, OfClinician, VisitInstead
    from shared.requests.directory import ClinicianCard
    from shared.sealing import GroupKeys

PAGE = 10
MOST = 100
END = 2**31 - 1


async def consult(ground: MessagingGround, call: Call, ask: AskConsult) -> Consult:
    """One consult opened for the caller, once the look is on record; raises NoSuchConsult."""
    before = await found(ground, ask.consult)
    person, teams = call.person.id, call.person.teams
    vouched = not before.proven(person, teams)
    if vouched and await may_open(ground, call, before.patient) is None:
        raise NoSuchConsult
    keys = await keys_of(ground, before.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, before.patient)
        row = await store.find(tx, ask.consult)
        if row is None or not (vouched or row.proven(person, teams)):
            raise NoSuchConsult
        rows = await plan_store.page(tx, row.id, ask.before or END, PAGE)
        days = await clock.clock_of(tx, row.id)
        seen = f"plans {rows[-1]['version']}-{rows[0]['version']}" if rows else "no plans"
        await audit.record(tx, call, "read", patient=row.patient, object=row.id, range=seen)
    plans = [plan_of(keys, row.id, one) for one in rows]
    names = await cards(ground, call, {one for one in (row.clinician, row.assigned) if one is not None})
    return _shown(ground, row, keys, plans, days, names)


def _shown(
    ground: MessagingGround,
    row: ConsultRow,
    keys: GroupKeys,
    plans: list[Plan],
    days: Clock | None,
    names: Mapping[UUID, ClinicianCard],
) -> Consult:
    told = intake_of(keys, row)
    return Consult(
        consult=row.id,
        patient=row.patient,
        condition=told.condition,
        condition_name=told.name,
        status=row.stands,
        version=row.version,
        chosen=_provider(row.clinician, names),
        sees_to_it=_provider(row.assigned, names) if row.assigned else None,
        quote=row.offer,
        thread=row.thread,
        requested_at=row.requested_at,
        answer_due=row.answer_due,
        answered_at=row.answered_at,
        told=told.told,
        stopped=told.stopped,
        person_request=row.person_request,
        declined=_declined(keys, row),
        instead_of=row.instead_of,
        visit=_visit(ground, row, told),
        plans=plans,
        before=plans[-1].version if plans and plans[-1].version > 1 else None,
        window=Window(ends_at=days.ends_at, paused_since=days.paused_since, ended_at=days.ended_at) if days else None,
    )


def _provider(clinician: UUID, names: Mapping[UUID, ClinicianCard]) -> Provider:
    card = names.get(clinician)
    return Provider(
        clinician=clinician,
        name=card.name if card else "",
        credential=card.credential if card else "",
        licensed_in=card.licensed_in if card else [],
    )


def _declined(keys: GroupKeys, row: ConsultRow) -> Declined | None:
    if row.declined_at is None or row.decline_offers is None:
        return None
    return Declined(reason=reason_of(keys, row), offers=row.decline_offers, at=row.declined_at)


def _visit(ground: MessagingGround, row: ConsultRow, told: Intake) -> VisitInstead | None:
    """The visit, where it is offered."""
    condition = ground.practice.conditions.get(told.condition)
    if condition is None or "visit" not in {told.offers, row.decline_offers}:
        return None
    return visit_instead(condition, ground.practice)


async def consults(ground: MessagingGround, call: Call, ask: OfPatient) -> ConsultLines:
    """The patient's consults, newest first, for whoever may open the record; raises NotFound."""
    await require_open(ground, call, ask.patient)
    keys = await keys_of(ground, ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        rows = await store.of_patient(tx, ask.patient, MOST)
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(rows)} consults")
    return ConsultLines(consults=[_line(row, intake_of(keys, row)) for row in rows])


def _line(row: ConsultRow, told: Intake) -> ConsultLine:
    return ConsultLine(
        consult=row.id,
        condition=told.condition,
        condition_name=told.name,
        status=row.stands,
        version=row.version,
        clinician=row.assigned or row.clinician,
        thread=row.thread,
        requested_at=row.requested_at,
        answer_due=row.answer_due,
    )


async def my_consults(ground: MessagingGround, call: Call, _: OfClinician) -> OwedConsults:
    """What the caller sees to, without what it is about, once the look is on record."""
    async with ground.db.transaction() as tx:
        rows = await store.seen_to_by(tx, call.person.id, MOST)
        await audit.record(tx, call, "read", patient=None, range=f"{len(rows)} consults")
    return OwedConsults(consults=[_owed(row) for row in rows])


def _owed(row: ConsultRow) -> OwedConsult:
    assert row.thread is not None
    assert row.answer_due is not None
    return OwedConsult(
        consult=row.id,
        patient=row.patient,
        thread=row.thread,
        status=row.stands,
        version=row.version,
        requested_at=row.requested_at,
        answer_due=row.answer_due,
    )
