"""What is written around visits, opened for those who may read it, after it is on record that they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.visits.operations.access import lab_offices, visit_of
from services.visits.operations.due import due_items
from services.visits.operations.show import shown_order, shown_visit
from services.visits.store import orders, paths, visits
from shared import audit
from shared.errors import NotFound, Unavailable
from shared.identity.access import require_open
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.requests.visits import AskOrders, OfVisit, Orders, Visit, Visits, VisitStatus
from shared.sealing import PatientErased, refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.visits.model.visit import OrderRow, VisitRow
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.directory import PatientCard
    from shared.sealing import GroupKeys

OVER = frozenset({VisitStatus.FINISHED, VisitStatus.CANCELLED})
CARD_SECONDS = 0.5
MOST_VISITS = 100
MOST_ORDERS = 200


async def visit(ground: Ground, call: Call, ask: OfVisit) -> Visit:
    """One visit, to the patient's side, to its own clinician and to whoever treats the patient."""
    known = await visit_of(ground, ask.visit)
    own = _runs(call, known)
    if not own:
        await require_open(ground, call, known.patient)
    card = None if known.status in OVER else await _card(ground, known.patient)
    keys = await ground.sealing.keys(known.patient, known.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, known.patient)
        row = await visits.one(tx, ask.visit)
        if row is None or (own and not _runs(call, row)):
            raise NotFound
        placed = await orders.of_visits(tx, [row.id])
        around = await paths.around(tx, [row.id])
        due = (await due_items(ground, tx, card, keys, call.now))[0] if card else None
        await audit.record(tx, call, "read", patient=row.patient, object=row.id)
    return msgspec.structs.replace(shown_visit(row, around[row.id], placed, keys, ground.practice), due=due)


async def _card(ground: Ground, patient: UUID) -> PatientCard | None:
    """The patient's card, by which something may be due; none while directory does not answer."""
    try:
        return await ground.bus.call_as_self(PATIENT, OfPatient(patient=patient), cause=None, seconds=CARD_SECONDS)
    except Unavailable:
        return None


def _runs(call: Call, visit: VisitRow) -> bool:
    """Whether the caller is its clinician, and it was not given back."""
    return visit.clinician == call.person.id and visit.status is not VisitStatus.CANCELLED


async def visits_of(ground: Ground, call: Call, ask: OfPatient) -> Visits:
    """The patient's latest visits, newest first."""
    await require_open(ground, call, ask.patient)
    keys = await ground.sealing.keys(ask.patient, ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        rows = await visits.of_patient(tx, ask.patient, MOST_VISITS)
        placed = await orders.of_visits(tx, [row.id for row in rows])
        around = await paths.around(tx, [row.id for row in rows])
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(rows)} visits")
    return Visits(visits=[shown_visit(row, around[row.id], placed, keys, ground.practice) for row in rows])


async def open_orders(ground: Ground, call: Call, _: AskOrders) -> Orders:
    """The open orders of the caller's lab teams, most urgent first; on record with every patient they are for."""
    async with ground.db.transaction() as tx:
        listed = await orders.open_at(tx, lab_offices(call), MOST_ORDERS)
    keys = await _keys(ground, listed)
    async with ground.db.transaction() as tx:
        keys = {patient: opened for patient, opened in keys.items() if not await _erased(tx, patient)}
        readable = [order for order in listed if order.patient in keys]
        await audit.record_all(tx, [_entry(call, patient, readable) for patient in keys])
    return Orders(orders=[shown_order(order, keys[order.patient], ground.practice) for order in readable])


async def _keys(ground: Ground, listed: list[OrderRow]) -> dict[UUID, GroupKeys]:
    """The keys of every patient on the list; who was erased is left out."""
    found: dict[UUID, GroupKeys] = {}
    for patient in dict.fromkeys(order.patient for order in listed):
        try:
            found[patient] = await ground.sealing.keys(patient, patient)
        except PatientErased:
            continue
    return found


async def _erased(tx: Tx, patient: UUID) -> bool:
    try:
        await refuse_erased(tx, patient)
    except PatientErased:
        return True
    return False


def _entry(call: Call, patient: UUID, readable: list[OrderRow]) -> audit.Entry:
    count = sum(order.patient == patient for order in readable)
    return audit.Entry(call, "read", patient, range=f"{count} open orders")
