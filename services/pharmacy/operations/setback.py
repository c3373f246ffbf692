"""Something stands in the way of a fill: raise the problem, and move the prescription on where the limits allow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from baton_events.codes import ProblemKind, Resolution, RouteReason
from baton_events.pharmacy import PrescriptionRerouted, ProblemRaised, ProblemResolved
from services.pharmacy.model.choice import next_pharmacy
from services.pharmacy.model.problems import MOVES, RESOLVE_WITHIN, resolve_owner
from services.pharmacy.model.states import Problem
from services.pharmacy.operations.route import TRANSMIT, next_routing, route, take_back
from services.pharmacy.store import preferences, prescriptions, problems
from shared.deadlines import cancel_deadlines
from shared.errors import Unavailable
from shared.outbox import announce
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.requests.pharmacy import FillStatus

if TYPE_CHECKING:
    from datetime import datetime

    from services.pharmacy.operations.ground import PharmacyGround
    from services.pharmacy.store.prescriptions import Standing
    from shared.database import Tx
    from shared.practice.model import PharmacyPartner
    from shared.requests.directory import PatientCard
    from shared.sealing import GroupKeys


@dataclass(frozen=True)
class Way:
    """What a move needs from outside the transaction: the keys, and where the patient lives."""

    keys: GroupKeys
    patient: PatientCard


async def find_way(ground: PharmacyGround, patient: UUID) -> Way | None:
    """Ask for it; None when directory does not answer, so that the move comes later."""
    keys = await ground.sealing.keys(patient, patient)
    try:
        card = await ground.bus.call_as_self(PATIENT, OfPatient(patient=patient), cause=None)
    except Unavailable:
        return None
    return Way(keys, card)


async def raise_problem(
    tx: Tx, ground: PharmacyGround, standing: Standing, kind: ProblemKind, now: datetime
) -> Problem:
    """Announce what stands in the way; where a move may settle it, one is looked for from now on."""
    prescription, routing = standing.prescription, standing.routing
    problem = Problem(id=uuid4(), prescription=prescription.id, routing=routing.id, kind=kind)
    await problems.raise_problem(tx, problem, now, now if kind in MOVES else None)
    event = ProblemRaised(
        problem=problem.id,
        prescription=prescription.id,
        routing=routing.id,
        patient=prescription.patient,
        problem_kind=kind,
        resolve_owner=resolve_owner(kind, prescription.prescriber),
        resolve_due=now + RESOLVE_WITHIN[kind],
    )
    await announce(tx, event, now)
    if kind in MOVES:
        tx.after_commit(ground.moving.set)
    return problem


async def move(
    tx: Tx, ground: PharmacyGround, way: Way, standing: Standing, problem: Problem, now: datetime
) -> PharmacyPartner | None:
    """Send the prescription to the next pharmacy within the patient's limits, and settle the problem with that.

    None where there is no such pharmacy: then whoever owns the problem settles it.
    """
    prescription = standing.prescription
    limits = await preferences.preference(tx, prescription.patient)
    tried = await prescriptions.tried(tx, prescription.id)
    pharmacy = next_pharmacy(way.patient, limits, ground.partners.values(), tried)
    if pharmacy is None:
        await problems.leave_to_person(tx, problem.id)
        return None
    following = next_routing(prescription, pharmacy.id, RouteReason.MOVED)
    await _leave(tx, ground, way, standing, problem, following.id, now)
    await route(tx, ground, way.keys, prescription, following, pharmacy, now)
    await problems.resolve(tx, problem.id, Resolution.MOVED, now)
    event = ProblemResolved(
        problem=problem.id,
        prescription=prescription.id,
        patient=prescription.patient,
        resolution=Resolution.MOVED,
    )
    await announce(tx, event, now)
    return pharmacy


async def _leave(
    tx: Tx,
    ground: PharmacyGround,
    way: Way,
    standing: Standing,
    problem: Problem,
    following: UUID,
    now: datetime,
) -> None:
    """End the routing; the pharmacy is told, unless it was itself the one to say no before it had said yes."""
    prescription, routing = standing.prescription, standing.routing
    event = PrescriptionRerouted(
        prescription=prescription.id, routing=routing.id, patient=prescription.patient, next_routing=following
    )
    cause = await announce(tx, event, now)
    await prescriptions.set_fill(tx, routing.id, FillStatus.MOVED, now)
    await cancel_deadlines(tx, TRANSMIT, routing.id, now)
    refused = problem.kind is not ProblemKind.UNREACHABLE and routing.status is FillStatus.SENT
    await take_back(tx, ground, way.keys, prescription, routing, cause, now, tell=not refused)
