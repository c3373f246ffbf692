"""What booking does about others' events: where an appointment stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baton_events.visits import VisitCheckedIn, VisitEnded, VisitLeft, VisitStarted
from services.booking.operations.no_show import NO_SHOW, looked_at_again
from services.booking.operations.reminders import withdraw_reminders
from services.booking.operations.waitlist_freed import freed
from services.booking.operations.waitlist_over import waits_for_nothing
from services.booking.store import appointments, video
from services.booking.store.erasures import give_back
from shared import audit
from shared.app import Reaction
from shared.deadlines import cancel_deadlines
from shared.erasing import erasing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from uuid import UUID

    from baton_events.directory import ErasureApproved
    from shared.app import Ground, Received
    from shared.database import Tx

    Move = Callable[[Tx, UUID, datetime], Awaitable[UUID | None]]


async def checked_in(ground: Ground, tx: Tx, got: Received[VisitCheckedIn], _: None) -> None:
    """The patient is there, unless the visit has gone further already."""
    await _moved(ground, tx, got, appointments.arrived)


async def left(ground: Ground, tx: Tx, got: Received[VisitLeft], _: None) -> None:
    """The patient went without being seen; they may come again."""
    await _moved(ground, tx, got, appointments.left)


async def started(ground: Ground, tx: Tx, got: Received[VisitStarted], _: None) -> None:
    """The visit has begun; it can no longer be given back."""
    await _moved(ground, tx, got, appointments.started)


async def ended(ground: Ground, tx: Tx, got: Received[VisitEnded], _: None) -> None:
    """The visit has taken place, whatever arrived before."""
    await _moved(ground, tx, got, appointments.ended)
    await video.end(tx, got.event.appointment)


async def _moved(ground: Ground, tx: Tx, got: Received[Any], move: Move) -> None:
    appointment, now = got.event.appointment, ground.clock()
    patient = await move(tx, appointment, got.time)
    if patient is not None:
        await looked_at_again(ground, tx, appointment)
        await audit.record_reaction(
            tx, "booking", got.id, now, "write", got.event.kind.name, patient=patient, object=appointment
        )


async def erased(tx: Tx, got: Received[ErasureApproved], now: datetime) -> None:
    """Give back the times that were the patient's; nobody is told why."""
    await waits_for_nothing(tx, got.event.patient, now)
    await video.leave_all(tx, got.event.patient, now)
    for given in await give_back(tx, got.event.patient, now):
        await cancel_deadlines(tx, NO_SHOW, given.appointment, now)
        await withdraw_reminders(tx, given.appointment, now)
        await freed(tx, given.clinician, given.office, given.start, given.end, now)


REACTIONS = (
    Reaction(VisitCheckedIn, checked_in),
    Reaction(VisitLeft, left),
    Reaction(VisitStarted, started),
    Reaction(VisitEnded, ended),
    erasing(erased),
)
