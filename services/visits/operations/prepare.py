"""Plan the visit of an appointment, once, with guidance for the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec

from baton_events.visits import GuidanceSent
from services.visits.model.refusals import MovedMeanwhile
from services.visits.operations.paths import repeat_later
from services.visits.store import visits
from shared.outbox.add import announce
from shared.requests.booking import APPOINTMENT_FACTS, AppointmentFacts, AppointmentStatus, OfAppointment
from shared.sealing import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from services.visits.model.visit import VisitRow
    from shared.app import Ground
    from shared.database import Tx
    from shared.sealing import GroupKeys


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What is needed to plan a visit, asked before the transaction opens.

    `heard` is the latest move that was heard of before the facts were asked for, so that they include it.
    """

    facts: AppointmentFacts
    keys: GroupKeys
    heard: int


async def prepare(ground: Ground, appointment: UUID, cause: UUID | None) -> Prepared:
    """Ask booking for the appointment and open the patient's keys; raises NotFound, also for an erased patient."""
    async with ground.db.reading() as tx:
        heard = await visits.heard(tx, appointment)
    facts = await ground.bus.call_as_self(APPOINTMENT_FACTS, OfAppointment(appointment=appointment), cause=cause)
    return Prepared(facts=facts, keys=await ground.sealing.keys(facts.patient, facts.patient), heard=heard)


async def plan(ground: Ground, tx: Tx, prepared: Prepared, now: datetime) -> VisitRow | None:
    """The visit, locked, made with its guidance if it was not there; None when the appointment was given back.

    Raises MovedMeanwhile when the facts may be older than a move heard of.
    """
    facts = prepared.facts
    heard, cancelled = await visits.lock_appointment(tx, facts.appointment)
    found = await visits.lock_of_appointment(tx, facts.appointment)
    if found is not None or cancelled or facts.status is AppointmentStatus.CANCELLED:
        return found
    if heard != prepared.heard:
        raise MovedMeanwhile(retry_after=1)
    visit = uuid4()
    visit_type = ground.practice.visit_types.get(facts.visit_type)
    sealed = prepared.keys.seal(
        msgspec.json.encode(visit_type.guidance if visit_type else []),
        kind=Kind.GUIDANCE,
        object=visit,
        author=ground.practice.id,
    )
    called_for = visit_type is not None and visit_type.follow_up
    await visits.add(tx, visit, facts, sealed, follow_up_called_for=called_for)
    await repeat_later(tx, visit, facts.start, facts.time_zone, now)
    await announce(tx, GuidanceSent(visit=visit, appointment=facts.appointment, patient=facts.patient), now)
    return await visits.lock(tx, visit)
