"""Follow an appointment that moves or is given back, in any order of hearing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from baton_events.codes import VisitKind
from baton_events.visits import GuidanceRepeated, VisitLeft
from services.visits.model.times import guidance_again
from services.visits.model.visit import PLACE_ITEMS
from services.visits.operations.paths import GUIDANCE_AGAIN, repeat_later
from services.visits.store import paths, visits
from shared.deadlines import cancel_deadlines
from shared.outbox.add import announce
from shared.requests.visits import VisitStatus

if TYPE_CHECKING:
    from datetime import datetime

    from baton_events.booking import AppointmentCancelled, AppointmentRescheduled
    from services.visits.model.visit import VisitRow
    from shared.app import Ground
    from shared.database import Tx

BEFORE = frozenset({VisitStatus.PLANNED, VisitStatus.ARRIVED})


async def reschedule(
    ground: Ground, tx: Tx, event: AppointmentRescheduled, sequence: int, now: datetime, home_zone: str | None = None
) -> VisitRow | None:
    """Move the visit, unless a later move was heard of before, or it has begun; who was waiting waits no longer.

    A visit planned after the move is there already. Gives the visit if it was moved. `home_zone` is the patient's own,
    where they will be when it is by video now.
    """
    heard, _ = await visits.lock_appointment(tx, event.appointment)
    visit = await visits.lock_of_appointment(tx, event.appointment)
    await visits.hear(tx, event.appointment, sequence)
    if visit is None or sequence <= heard or visit.status not in BEFORE or _stands(visit, event):
        return None
    kind = event.visit_kind or visit.kind
    there = ground.practice.offices[event.office].time_zone if kind is VisitKind.OFFICE else home_zone
    time_zone = there or visit.time_zone
    await visits.move(
        tx,
        visit.id,
        clinician=event.clinician,
        office=event.office,
        start=event.start,
        end=event.end,
        time_zone=time_zone,
        kind=kind,
    )
    if (kind, event.office) != (visit.kind, visit.office):
        await paths.untick_from(tx, visit.id, PLACE_ITEMS)
    await repeat_later(tx, visit.id, event.start, time_zone, now)
    if _missed_again(visit, event, time_zone, now):
        await announce(tx, GuidanceRepeated(visit=visit.id, appointment=visit.appointment, patient=visit.patient), now)
    if visit.status is VisitStatus.ARRIVED:
        await announce(tx, VisitLeft(visit=visit.id, appointment=visit.appointment, patient=visit.patient), now)
    return visit


def _missed_again(visit: VisitRow, event: AppointmentRescheduled, time_zone: str, now: datetime) -> bool:
    """Whether the guidance was still to come again, and its time before the new start is past."""
    was_to_come = guidance_again(visit.start, ZoneInfo(visit.time_zone)) > now
    return was_to_come and guidance_again(event.start, ZoneInfo(time_zone)) <= now < event.start


def _stands(visit: VisitRow, event: AppointmentRescheduled) -> bool:
    to = (event.clinician, event.office, event.start, event.end, event.visit_kind or visit.kind)
    return (visit.clinician, visit.office, visit.start, visit.end, visit.kind) == to


async def cancel(tx: Tx, event: AppointmentCancelled, at: datetime) -> VisitRow | None:
    """Remember that it was given back, which wins over everything heard later; a visit that has begun goes on.

    Gives the visit if it was taken off the list.
    """
    await visits.lock_appointment(tx, event.appointment)
    await visits.cancel_appointment(tx, event.appointment, at)
    visit = await visits.lock_of_appointment(tx, event.appointment)
    if visit is None or visit.status not in BEFORE:
        return None
    await visits.cancel(tx, visit.id)
    await cancel_deadlines(tx, GUIDANCE_AGAIN, visit.id, at)
    return visit
