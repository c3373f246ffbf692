"""A fill comes forward: everything that its new stage implies becomes true and is announced, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import Resolution
from baton_events.pharmacy import (
    FillDelivered,
    FillPickedUp,
    FillReady,
    FillReturned,
    FillShipped,
    PrescriptionAcknowledged,
    ProblemResolved,
)
from services.pharmacy.model.states import (
    DELIVER_WITHIN,
    FILL_WITHIN,
    FILLED,
    PICK_UP_WITHIN,
    after_fill,
    promised,
    settles,
    steps,
)
from services.pharmacy.store import prescriptions, problems
from shared.outbox import announce_all
from shared.requests.pharmacy import FillStatus, PrescriptionStatus

if TYPE_CHECKING:
    from datetime import datetime

    from baton_events import Event
    from services.pharmacy.model.report import Progress
    from services.pharmacy.model.states import Problem
    from services.pharmacy.store.prescriptions import Standing
    from shared.database import Tx

PLAIN = {
    FillStatus.PICKED_UP: FillPickedUp,
    FillStatus.DELIVERED: FillDelivered,
    FillStatus.RETURNED: FillReturned,
}


async def advance(tx: Tx, standing: Standing, problem: Problem | None, told: Progress, now: datetime) -> None:
    """Bring the routing to where the pharmacy says it is; whatever stood in the way of that is settled."""
    reached = steps(standing.routing.status, told.told)
    events = [_event(standing, step, told, now) for step in reached]
    if problem is not None and settles(problem.kind, told.told):
        await problems.resolve(tx, problem.id, Resolution.FILLED, now)
        events.append(_resolved(standing, problem))
    await announce_all(tx, events, now)
    if reached:
        await prescriptions.set_fill(tx, standing.routing.id, reached[-1], now)
        await _count(tx, standing, reached[-1])


async def _count(tx: Tx, standing: Standing, reached: FillStatus) -> None:
    """A fill handed over may have been the last; one that came back can be had again."""
    prescription = standing.prescription
    if reached in FILLED:
        await prescriptions.set_status(tx, prescription.id, after_fill(prescription.refills_left))
    elif reached is FillStatus.RETURNED:
        await prescriptions.set_refills(tx, prescription.id, prescription.refills_left + 1, PrescriptionStatus.ACTIVE)


def _event(standing: Standing, step: FillStatus, told: Progress, now: datetime) -> Event:
    of = {
        "prescription": standing.prescription.id,
        "routing": standing.routing.id,
        "patient": standing.prescription.patient,
        "pharmacy": standing.routing.pharmacy,
    }
    promise = told.promise if step is told.told else None
    if step is FillStatus.ACKNOWLEDGED:
        return PrescriptionAcknowledged(**of, fill_due=promised(promise, now, FILL_WITHIN))
    if step is FillStatus.READY:
        return FillReady(**of, pick_up_due=now + PICK_UP_WITHIN)
    if step is FillStatus.SHIPPED:
        return FillShipped(**of, deliver_due=promised(promise, now, DELIVER_WITHIN))
    return PLAIN[step](**of)


def _resolved(standing: Standing, problem: Problem) -> ProblemResolved:
    return ProblemResolved(
        problem=problem.id,
        prescription=standing.prescription.id,
        patient=standing.prescription.patient,
        resolution=Resolution.FILLED,
    )
