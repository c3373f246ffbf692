"""Wait for a time, for another, or no longer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from baton_events.booking import WaitlistJoined
from services.booking.model import waitlist as model
from services.booking.model.moves import MovedMeanwhile, require_movable
from services.booking.model.refusals import NoSuchAppointment
from services.booking.operations.access import require_own
from services.booking.operations.availability import as_booking
from services.booking.operations.find_offers import a_person, check, emergency, wished
from services.booking.operations.instead_of import appointment_to_move
from services.booking.operations.waitlist_over import WAIT_ENDS, end
from services.booking.operations.waitlist_wish import opened, seal
from services.booking.store import appointments
from services.booking.store import waitlist as store
from shared import audit, idempotency
from shared.deadlines import cancel_deadlines, set_deadline
from shared.errors import NotFound
from shared.outbox import announce
from shared.requests.booking import FindOffers
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.requests.waitlist import WaitState, WaitStatus
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.booking.model.wish import Moving, Wish
    from services.booking.operations.ground import BookingGround
    from services.booking.store.waitlist import WaitRow
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.waitlist import ChangeWait, OfWait, Wait
    from shared.sealing import GroupKeys


async def wait(ground: BookingGround, call: Call, ask: Wait) -> WaitState:
    """Keep a place in the list; raises SoundsLikeEmergency, WaitPast, WaitTooLong, TooManyWaits, WaitsAlready."""
    find, moving, until = _for_offers(ask), None, ask.until
    if ask.instead_of is not None:
        find, moving = await appointment_to_move(ground, call, find, ask.instead_of)
        until = min(until, moving.start)
    check(find, ground.practice)
    model.require_to_come(until, ask.latest, call.now)
    patient = find.patient or call.person.id
    if moving is None:
        await require_own(ground, call, patient)
        _refuse_emergency(ground, patient, find.reason or "")
    of_patient = OfPatient(patient=patient)
    card, keys = await asyncio.gather(as_booking(ground, call, PATIENT, of_patient), ground.keys(patient))
    wish = msgspec.structs.replace(wished(find, card, ground.practice), moving=moving)
    row = _row(call, keys, patient, wish, until)
    done = WaitState(wait=row.id, status=row.status, until=until)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        if moving is not None:
            await _require_as_it_was(tx, call, moving)
        if not await store.add(tx, row, model.MOST_WAITS):
            raise model.TooManyWaits
        await set_deadline(tx, WAIT_ENDS, row.id, until)
        await announce(tx, WaitlistJoined(wait=row.id, patient=patient), call.now)
        await audit.record(tx, call, "write", patient=patient, object=row.id)
        await idempotency.keep(tx, call, done)
    return done


async def _require_as_it_was(tx: Tx, call: Call, moving: Moving) -> None:
    """Lock the appointment and raise unless it can still move, so that whoever gives it back finds the wait."""
    row = await appointments.lock(tx, moving.appointment)
    if row is None:
        raise NoSuchAppointment
    require_movable(row.status, row.end, call.now, started=row.started)
    if row.sequence != moving.sequence:
        raise MovedMeanwhile


def _for_offers(ask: Wait) -> FindOffers:
    """What they would be offered now."""
    return FindOffers(**{field: getattr(ask, field) for field in FindOffers.__struct_fields__})


def _refuse_emergency(ground: BookingGround, patient: UUID, reason: str) -> None:
    """Raise SoundsLikeEmergency with what to do first and how to reach a person: such a thing must not wait."""
    guidance = emergency(reason, ground.practice)
    if guidance is not None:
        raise model.SoundsLikeEmergency(emergency=guidance, person=a_person(patient))


def _row(call: Call, keys: GroupKeys, patient: UUID, wish: Wish, until: datetime) -> WaitRow:
    id_, author = uuid4(), call.person.id
    return store.WaitRow(
        id=id_,
        patient=patient,
        author=author,
        sealed=seal(keys, wish, id_, author),
        own_clinician=wish.own_clinician,
        clinician=wish.clinician,
        office=wish.office,
        earliest=wish.earliest,
        latest=wish.latest,
        instead_of=wish.instead_of,
        joined_at=call.now,
        until=until,
    )


async def change_wait(ground: BookingGround, call: Call, ask: ChangeWait) -> WaitState:
    """Wait for something else at the same place; a time that is theirs to take stays so for as long as it was."""
    found = await own(ground, call, ask.wait)
    keys = await ground.keys(found.patient)
    check(FindOffers(reason="-", office=ask.office, earliest=ask.earliest, latest=ask.latest), ground.practice)
    async with ground.db.transaction() as tx:
        row = await _lock(tx, found)
        changed = _changed(row, keys, ask, call.person.id)
        model.require_to_come(changed.until, ask.latest, call.now)
        await store.change(tx, changed)
        await cancel_deadlines(tx, WAIT_ENDS, row.id, call.now)
        await set_deadline(tx, WAIT_ENDS, row.id, changed.until)
        await audit.record(tx, call, "write", patient=row.patient, object=row.id)
        done = WaitState(wait=row.id, status=row.status, until=changed.until)
        await idempotency.keep(tx, call, done)
    return done


def _changed(row: WaitRow, keys: GroupKeys, ask: ChangeWait, author: UUID) -> WaitRow:
    was = opened(keys, row)
    wanted = {field: getattr(ask, field) for field in ("office", "clinician", "kind", "earliest", "latest")}
    hours = {"after": ask.after, "before": ask.before, "days": frozenset(ask.days)}
    wish = msgspec.structs.replace(was, **wanted, **hours)
    return replace(
        row,
        author=author,
        sealed=seal(keys, wish, row.id, author, row.revision + 1),
        revision=row.revision + 1,
        clinician=wish.clinician,
        office=wish.office,
        earliest=wish.earliest,
        latest=wish.latest,
        until=min(ask.until, was.moving.start) if was.moving else ask.until,
    )


async def leave_waitlist(ground: BookingGround, call: Call, ask: OfWait) -> WaitState:
    """Wait no longer; what was theirs to take goes to the next. Raises NoSuchWait, WaitOver."""
    found = await own(ground, call, ask.wait)
    done = WaitState(wait=found.id, status=WaitStatus.LEFT, until=found.until)
    async with ground.db.transaction() as tx:
        await end(tx, await _lock(tx, found), call.now)
        await audit.record(tx, call, "write", patient=found.patient, object=found.id)
        await idempotency.keep(tx, call, done)
    return done


async def own(ground: BookingGround, call: Call, wait: UUID) -> WaitRow:
    """The wait, to the patient and whoever holds their proxy; raises NoSuchWait."""
    async with ground.db.reading() as tx:
        found = await store.find(tx, wait)
    if found is None:
        raise model.NoSuchWait
    try:
        await require_own(ground, call, found.patient)
    except NotFound:
        raise model.NoSuchWait from None
    return found


async def _lock(tx: Tx, found: WaitRow) -> WaitRow:
    await refuse_erased(tx, found.patient)
    row = await store.lock(tx, found.id)
    if row is None or row.status is not WaitStatus.WAITING:
        raise model.WaitOver
    return row
