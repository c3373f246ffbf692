"""A pharmacy that has not answered in time counts as out of reach, and the prescription moves on."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from baton_events.codes import ProblemKind
from services.pharmacy.model.states import NOT_YET_FILLED
from services.pharmacy.operations.setback import find_way, move, raise_problem
from services.pharmacy.store import prescriptions, problems
from shared.background import repeat
from shared.requests.pharmacy import FillStatus
from shared.sealing import PatientErased, refuse_erased

if TYPE_CHECKING:
    import asyncio

    from services.pharmacy.model.states import Problem
    from services.pharmacy.operations.ground import PharmacyGround
    from shared.database import Tx
    from shared.deadlines import Deadline

AGAIN_AFTER = timedelta(seconds=10)


async def not_answered(ground: PharmacyGround, tx: Tx, deadline: Deadline) -> None:
    """Raise the problem, unless the pharmacy has answered or the prescription is elsewhere by now."""
    prescription = await prescriptions.prescription_of(tx, deadline.entity)
    assert prescription is not None, "deadlines are set for routings"
    standing = await prescriptions.lock(tx, prescription)
    if standing is None or standing.routing.id != deadline.entity or standing.routing.status is not FillStatus.SENT:
        return
    if await problems.open_problem(tx, prescription) is None:
        await raise_problem(tx, ground, standing, ProblemKind.UNREACHABLE, ground.clock())


async def move_on(ground: PharmacyGround, stop: asyncio.Event) -> None:
    """Look for another pharmacy for whatever waits for one, until told to stop."""
    await repeat("pharmacy.moves", partial(_move_next, ground), stop, wake=ground.moving)


async def _move_next(ground: PharmacyGround) -> float:
    now = ground.clock()
    async with ground.db.transaction() as tx:
        problem = await problems.take_to_move(tx, now, now + AGAIN_AFTER)
    if problem is None:
        return ground.settings.delivery_poll_seconds
    await _move(ground, problem)
    return 0.0


async def _move(ground: PharmacyGround, problem: Problem) -> None:
    async with ground.db.transaction() as tx:
        owners = await prescriptions.owners(tx, problem.prescription)
    assert owners is not None, "problems are of prescriptions"
    patient, _ = owners
    try:
        way = await find_way(ground, patient)
        if way is None:
            return
        async with ground.db.transaction() as tx:
            await refuse_erased(tx, patient)
            standing = await prescriptions.lock(tx, problem.prescription)
            still = await problems.open_problem(tx, problem.prescription)
            if standing is None or still is None or still.id != problem.id:
                return
            if standing.routing.status in NOT_YET_FILLED:
                await move(tx, ground, way, standing, problem, ground.clock())
            else:
                await problems.leave_to_person(tx, problem.id)
    except PatientErased:
        async with ground.db.transaction() as tx:
            await problems.leave_to_person(tx, problem.id)
