"""Offers for an appointment that is to move: what was told when it was booked is not asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.booking.model.moves import ReasonTold, require_movable
from services.booking.model.refusals import NoSuchAppointment
from services.booking.model.wish import Moving, Why
from services.booking.operations.access import require_arranging
from services.booking.store import appointments
from shared import audit
from shared.identity.people import Role
from shared.sealing import Kind, is_erased, refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.booking.operations.ground import BookingGround
    from services.booking.store.appointments import Row
    from shared.call import Call
    from shared.requests.booking import FindOffers


async def appointment_to_move(
    ground: BookingGround, call: Call, ask: FindOffers, appointment: UUID
) -> tuple[FindOffers, Moving]:
    """The request with the reason and the kind of visit of the appointment, and what is kept of how it stands.

    Raises NoSuchAppointment, ReasonTold, and what `require_movable` raises.
    """
    row = await to_arrange(ground, call, appointment)
    if ask.patient not in {None, row.patient}:
        raise NoSuchAppointment
    if ask.reason is not None or ask.visit_type is not None:
        raise ReasonTold(field="visit_type" if ask.reason is None else "reason")
    require_movable(row.status, row.end, call.now, started=row.started)
    why = await _why(ground, call, row)
    known = why.visit_type if why.visit_type in ground.practice.visit_types else None
    state = ask.state or row.state
    asked = msgspec.structs.replace(ask, patient=row.patient, reason=why.reason, visit_type=known, state=state)
    return asked, Moving(
        appointment=row.id,
        sequence=row.sequence,
        clinician=row.clinician,
        start=row.start,
        price_cents=row.price_cents,
    )


async def to_arrange(ground: BookingGround, call: Call, appointment: UUID) -> Row:
    """The appointment, for the patient's side and the front desk of its office; raises NoSuchAppointment."""
    async with ground.db.reading() as tx:
        row = await appointments.find(tx, appointment)
        if row is None or await is_erased(tx, row.patient):
            raise NoSuchAppointment
    await require_arranging(ground, call, row)
    return row


def reads_words(call: Call) -> bool:
    """Whether the caller may be told what follows from the reason; the front desk sees to when and where."""
    return Role.FRONT_DESK not in call.person.roles


async def _why(ground: BookingGround, call: Call, row: Row) -> Why:
    keys = await ground.keys(row.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, row.patient)
        await audit.record(tx, call, "read", patient=row.patient, object=row.id)
    return msgspec.json.decode(keys.open(row.sealed, kind=Kind.REASON, object=row.id, author=row.author), type=Why)
