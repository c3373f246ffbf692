"""Whether a freed time fits somebody who waits, and as which visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec

from baton_events.codes import VisitKind
from services.booking.model import tokens
from services.booking.model.footprint import footprint
from services.booking.model.horizon import Window
from services.booking.model.hours import Stretch
from services.booking.model.search import Search
from services.booking.model.slots import free_slots
from services.booking.model.waitlist import in_time, lapses_at, within
from services.booking.operations.availability import who
from services.booking.operations.waitlist_wish import opened
from services.booking.store import appointments, offers, overrides
from shared.errors import NotFound
from shared.requests.booking import AppointmentStatus
from shared.requests.directory import CLINICIANS
from shared.sealing import GroupErased, Kind, PatientErased

if TYPE_CHECKING:
    from services.booking.model.slots import Slot
    from services.booking.model.wish import Wish
    from services.booking.operations.ground import BookingGround
    from services.booking.store.waitlist import WaitRow
    from services.booking.store.waitlist_claims import FreedTime
    from shared.sealing import GroupKeys


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The visit that it would be, and when their claim to it lapses."""

    visit: appointments.Row
    lapses_at: datetime


async def fit(ground: BookingGround, wait: WaitRow, time: FreedTime, now: datetime) -> Fit | None:
    """The soonest visit in the time that they want and may have; None where there is none, or they are no more."""
    try:
        keys = await ground.keys(wait.patient)
    except (PatientErased, GroupErased):
        return None
    wish = opened(keys, wait)
    visit = ground.practice.visit_types.get(wish.visit_type)
    if visit is None:
        return None
    wish = in_time(wish, now, await _instead_of(ground, wait))
    wanted = within(wish, time.clinician, time.office, time.stretch, timedelta(minutes=visit.minutes))
    slot = await _soonest(ground, wait, wanted, now) if wanted else None
    if slot is None:
        return None
    lapse = lapses_at(slot.start, wait.until, ZoneInfo(wish.time_zone), now)
    return None if lapse is None else Fit(visit=_visit(ground, keys, wait, wish, slot, now), lapses_at=lapse)


async def _instead_of(ground: BookingGround, wait: WaitRow) -> datetime | None:
    """When the appointment begins for which they want an earlier time, as it is now."""
    if wait.instead_of is None:
        return None
    async with ground.db.reading() as tx:
        row = await appointments.find(tx, wait.instead_of)
    return row.start if row else None


async def _soonest(ground: BookingGround, wait: WaitRow, wish: Wish, now: datetime) -> Slot | None:
    """Among those licensed where they live, within hours, with what is taken by anybody, themselves included."""
    assert wish.earliest is not None
    assert wish.latest is not None
    assert wish.clinician is not None
    ask = who(wait.patient, wish.state, max(wish.earliest, now), wish.clinician)
    try:
        cards = (await ground.bus.call_as_self(CLINICIANS, ask, cause=None)).clinicians
    except NotFound:
        return None
    async with ground.db.reading() as tx:
        in_force = await overrides.in_force(tx, now, wish.clinician)
        search = Search(wish=wish, practice=ground.practice, cards=cards, overrides=in_force, now=now)
        places = list({source.office.id for source in search.sources})
        book = await offers.taken(tx, [wish.clinician], places, wait.patient, Stretch(wish.earliest, wish.latest))
    days = Window(0, (wish.earliest - now).days - 1, (wish.latest - now).days + 2)
    slots = free_slots(search, search.sources, book, days)
    return min(slots, key=lambda slot: (slot.start, slot.preference), default=None)


def _visit(
    ground: BookingGround, keys: GroupKeys, wait: WaitRow, wish: Wish, slot: Slot, now: datetime
) -> appointments.Row:
    """What is held for them, and becomes their appointment when they take it."""
    id_, visit, office = uuid4(), ground.practice.visit_types[wish.visit_type], ground.practice.offices[slot.office]
    return appointments.Row(
        id=id_,
        patient=wait.patient,
        clinician=slot.clinician,
        office=slot.office,
        kind=slot.kind,
        start=slot.start,
        end=slot.end,
        time_zone=office.time_zone if slot.kind is VisitKind.OFFICE else wish.time_zone,
        price_cents=wish.price_cents(visit.price_cents),
        quote=tokens.quote_id(ground.offer_key, id_),
        relationship=tokens.relationship_id(ground.offer_key, id_),
        status=AppointmentStatus.BOOKED,
        author=wait.author,
        sealed=keys.seal(msgspec.json.encode(wish.why), kind=Kind.REASON, object=id_, author=wait.author),
        booked_by=wait.author,
        booked_at=now,
        state=wish.state_by(slot.kind),
        takes=footprint(ground.practice, visit, office, slot.kind, slot.clinician),
    )
