"""Open or close a stretch of a clinician's time, see what was overridden, and undo it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from baton_events.booking import AvailabilityOverridden, AvailabilityOverrideLifted
from baton_events.codes import Availability
from services.booking.model.overriding import LiftedAlready, NoSuchOverride, OverrideOver, require_stretch
from services.booking.model.reasons import plain
from services.booking.model.refusals import NothingTold, UnknownChoice
from services.booking.operations.access import at_front_desk
from services.booking.operations.waitlist_freed import freed
from services.booking.store import overrides as store
from shared import audit, idempotency
from shared.errors import Invalid, NotFound
from shared.identity.people import Role
from shared.outbox import announce
from shared.requests.availability import Overridden, Override, Overrides, OverrideState
from shared.sealing import Kind

if TYPE_CHECKING:
    from uuid import UUID

    from services.booking.operations.ground import BookingGround
    from services.booking.store.overrides import Row
    from shared.call import Call
    from shared.requests.availability import AskOverrides, OfOverride, OverrideAvailability
    from shared.sealing import GroupKeys


async def override(ground: BookingGround, call: Call, ask: OverrideAvailability) -> Overridden:
    """Put on record that the time is open or closed, and why; what is booked in it stays.

    For the front desk of the office and the clinician; to everybody else there is no such office.
    """
    if not _may(call, ask.clinician, ask.office) or ask.office not in ground.practice.offices:
        raise NotFound
    require_stretch(ask.start, ask.end, call.now)
    staff = ground.practice.staff.get(ask.clinician)
    if staff is None or Role.CLINICIAN not in staff.roles:
        raise UnknownChoice(field="clinician")
    if not plain(ask.reason):
        raise NothingTold(field="reason")
    keys, id_, author = await _keys(ground), uuid4(), call.person.id
    row = store.Row(
        id=id_,
        clinician=ask.clinician,
        office=ask.office,
        availability=ask.availability,
        start=ask.start,
        end=ask.end,
        author=author,
        sealed=keys.seal(ask.reason.encode(), kind=Kind.OVERRIDE, object=id_, author=author),
        made_at=call.now,
    )
    async with ground.db.transaction() as tx:
        await store.add(tx, row)
        if row.availability is Availability.OPEN:
            await freed(tx, row.clinician, row.office, row.start, row.end, call.now)
        done = Overridden(override=row.id, appointments=await store.standing_in(tx, row))
        await announce(tx, _overridden(row), call.now)
        await audit.record(tx, call, "write", patient=None, object=row.id)
        await idempotency.keep(tx, call, done)
    return done


async def lift(ground: BookingGround, call: Call, ask: OfOverride) -> OverrideState:
    """Have the override count no more; it stays on record. Raises NoSuchOverride, LiftedAlready, OverrideOver."""
    async with ground.db.transaction() as tx:
        row = await store.lock(tx, ask.override)
        if row is None or not _may(call, row.clinician, row.office):
            raise NoSuchOverride
        if row.lifted_at is not None:
            raise LiftedAlready
        if row.end <= call.now:
            raise OverrideOver
        by = call.person.id
        await store.lift(tx, row.id, call.now, by)
        if row.availability is Availability.CLOSED:
            await freed(tx, row.clinician, row.office, row.start, row.end, call.now)
        lifted = AvailabilityOverrideLifted(override=row.id, clinician=row.clinician, office=row.office, lifted_by=by)
        await announce(tx, lifted, call.now)
        await audit.record(tx, call, "write", patient=None, object=row.id)
        done = OverrideState(override=row.id, lifted_at=call.now)
        await idempotency.keep(tx, call, done)
    return done


async def overrides(ground: BookingGround, call: Call, ask: AskOverrides) -> Overrides:
    """The office's for its front desk, their own for a clinician, with the reasons; raises NotFound for another's."""
    clinician = Role.CLINICIAN in call.person.roles
    if ask.office is not None and at_front_desk(call, ask.office):
        whose = ask.clinician
    elif not clinician and ask.office is None:
        raise Invalid(field="office", problem="missing")
    elif clinician and ask.clinician in {None, call.person.id}:
        whose = call.person.id
    else:
        raise NotFound
    keys = await _keys(ground)
    async with ground.db.transaction() as tx:
        if ask.office is not None:
            rows = await store.of_office(tx, ask.office, whose, ask.before)
        else:
            rows = await store.of_clinician(tx, call.person.id, ask.before)
        seen = f"{len(rows)} overrides"
        await audit.record(tx, call, "read", patient=None, object=ask.office or call.person.id, range=seen)
    return Overrides(overrides=[_told(row, keys) for row in rows])


def _may(call: Call, clinician: UUID, office: UUID) -> bool:
    own = Role.CLINICIAN in call.person.roles and call.person.id == clinician
    return own or at_front_desk(call, office)


async def _keys(ground: BookingGround) -> GroupKeys:
    """The practice's own: a reason of staff is nobody's record, and may still say something of somebody's health."""
    return await ground.sealing.keys(ground.practice.id, ground.practice.id)


def _overridden(row: Row) -> AvailabilityOverridden:
    return AvailabilityOverridden(
        override=row.id,
        clinician=row.clinician,
        office=row.office,
        availability=row.availability,
        start=row.start,
        end=row.end,
        overridden_by=row.author,
    )


def _told(row: Row, keys: GroupKeys) -> Override:
    return Override(
        override=row.id,
        sequence=row.sequence,
        clinician=row.clinician,
        office=row.office,
        availability=row.availability,
        start=row.start,
        end=row.end,
        reason=keys.open(row.sealed, kind=Kind.OVERRIDE, object=row.id, author=row.author).decode(),
        made_by=row.author,
        made_at=row.made_at,
        lifted_by=row.lifted_by,
        lifted_at=row.lifted_at,
    )
