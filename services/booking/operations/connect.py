"""Video on call, for clinicians: who waits, and join them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from baton_events.booking import AppointmentBooked, VideoConnected
from baton_events.codes import RelationshipSource, VisitKind
from services.booking.model import tokens
from services.booking.model.on_call import (
    SHORTEST,
    BusyNow,
    CallOver,
    JoinedByAnother,
    NoSuchVideo,
    NotLicensedThere,
    NotOnCall,
    end_of,
    may_join,
    on_call,
)
from services.booking.model.wish import Why
from services.booking.operations.availability import as_booking
from services.booking.operations.book import CONFIRMED_WITHIN, PREPARE_WITHIN
from services.booking.operations.video import VISIT_TYPE, price
from services.booking.store import appointments
from services.booking.store import video as store
from shared import audit, idempotency
from shared.outbox import announce
from shared.requests.booking import AppointmentStatus
from shared.requests.directory import CLINICIANS, REGISTER_RELATIONSHIP, FindClinicians, RegisterRelationship
from shared.requests.video import VideoQueue, VideoState, VideoStatus, Waiting
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.booking.operations.ground import BookingGround
    from services.booking.store.video import VideoRow
    from shared.call import Call
    from shared.database import Tx
    from shared.practice.model import Staff
    from shared.requests.video import AskVideoQueue, OfVideo
    from shared.sealing import GroupKeys

MOST = 100
LOOKS_AHEAD = timedelta(hours=1)


async def video_queue(ground: BookingGround, call: Call, _: AskVideoQueue) -> VideoQueue:
    """Those who wait where the caller is licensed, while it is their shift; raises NotOnCall."""
    _require_shift(ground, call)
    found = await as_booking(ground, call, CLINICIANS, FindClinicians(clinician=call.person.id))
    states = [state for card in found.clinicians for state in card.licensed_in]
    async with ground.db.transaction() as tx:
        rows = [row for row in await store.waiting(tx, states, MOST) if _is_for(ground, call, row)]
        await audit.record(tx, call, "read", patient=None, range=f"{len(rows)} waiting by video")
    return VideoQueue(
        waiting=[
            Waiting(
                video=row.id,
                patient=row.patient,
                state=row.state,
                requested_at=row.requested_at,
                promised_at=row.promised_at,
            )
            for row in rows
        ]
    )


def _require_shift(ground: BookingGround, call: Call) -> None:
    if call.person.id not in on_call(ground.practice.shifts, call.now):
        raise NotOnCall


def _is_for(ground: BookingGround, call: Call, row: VideoRow) -> bool:
    """Whether it is the caller's turn: physician assistants come first where one on call is licensed there."""
    shift = on_call(ground.practice.shifts, call.now)
    there = [_staff(ground, one) for one in shift]
    credentials = {
        one.credential or "" for one in there if one and any(row.state == licence.state for licence in one.licences)
    }
    me = _staff(ground, call.person.id)
    return may_join(
        credential=(me.credential or "") if me else "",
        on_call_with=credentials,
        requested=row.requested_at,
        now=call.now,
    )


def _staff(ground: BookingGround, person: UUID) -> Staff | None:
    return ground.practice.staff.get(person)


async def connect_video(ground: BookingGround, call: Call, ask: OfVideo) -> VideoState:
    """Join the patient, as exactly one: from now on it is a visit like any other.

    Raises NotOnCall, NoSuchVideo, NotLicensedThere, JoinedByAnother, CallOver, BusyNow.
    """
    _require_shift(ground, call)
    async with ground.db.reading() as tx:
        known = await store.find(tx, ask.video)
    if known is None or not _is_for(ground, call, known):
        raise NoSuchVideo
    _require_joinable(known, call)
    licence = FindClinicians(clinician=call.person.id, state=known.state, at=call.now)
    if not (await as_booking(ground, call, CLINICIANS, licence)).clinicians:
        raise NotLicensedThere
    keys = await ground.keys(known.patient)
    appointment = tokens.appointment_id(ground.offer_key, call.caller_id, "video", str(known.id))
    relationship = tokens.relationship_id(ground.offer_key, appointment)
    await _register(ground, call, known, relationship)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, known.patient)
        row = await store.lock(tx, ask.video)
        assert row is not None
        _require_joinable(row, call)
        done = VideoState(video=row.id, status=VideoStatus.CONNECTED, appointment=appointment)
        if row.status is VideoStatus.WAITING:
            await _join(ground, tx, call, row, keys, appointment)
        await idempotency.keep(tx, call, done)
    return done


def _require_joinable(row: VideoRow, call: Call) -> None:
    """Who has joined may say so twice."""
    if row.status is VideoStatus.CONNECTED and row.clinician != call.person.id:
        raise JoinedByAnother
    if row.status in {VideoStatus.LEFT, VideoStatus.ENDED}:
        raise CallOver


async def _register(ground: BookingGround, call: Call, row: VideoRow, relationship: UUID) -> None:
    """Have the caller treat the patient; it lapses soon for who does not get to join, so each try is one of its own."""
    lapses_at = call.now.replace(microsecond=0) + CONFIRMED_WITHIN
    ask = RegisterRelationship(
        relationship=relationship,
        patient=row.patient,
        clinician=call.person.id,
        source=RelationshipSource.VIDEO,
        lapses_at=lapses_at,
    )
    key = f"{relationship}:{lapses_at.timestamp():.0f}"
    await as_booking(ground, call, REGISTER_RELATIONSHIP, ask, key=key)


async def _join(ground: BookingGround, tx: Tx, call: Call, row: VideoRow, keys: GroupKeys, appointment: UUID) -> None:
    """Take the time, which is now, and say that a visit is booked and its call is connected."""
    visit = await _visit(ground, tx, call, row, keys, appointment)
    if not await appointments.take(tx, visit):
        raise BusyNow
    await store.connect(tx, row.id, call.person.id, appointment, call.now)
    await announce(tx, _booked(visit, call.now), call.now)
    connected = VideoConnected(
        video=row.id,
        patient=row.patient,
        clinician=call.person.id,
        appointment=appointment,
        relationship=visit.relationship,
    )
    await announce(tx, connected, call.now)
    await audit.record(tx, call, "write", patient=row.patient, object=row.id)


async def _visit(
    ground: BookingGround, tx: Tx, call: Call, row: VideoRow, keys: GroupKeys, appointment: UUID
) -> appointments.Row:
    clinician = call.person.id
    taken = await store.next_taken(tx, clinician, row.patient, call.now + SHORTEST, call.now + LOOKS_AHEAD)
    reason = keys.open(row.sealed, kind=Kind.REASON, object=row.id, author=row.author).decode()
    why = msgspec.json.encode(Why(reason=reason, visit_type=VISIT_TYPE))
    return appointments.Row(
        id=appointment,
        patient=row.patient,
        clinician=clinician,
        office=_office(ground, row.state),
        kind=VisitKind.VIDEO,
        start=call.now,
        end=end_of(call.now, taken),
        time_zone=row.time_zone,
        price_cents=price(ground),
        quote=tokens.quote_id(ground.offer_key, appointment),
        relationship=tokens.relationship_id(ground.offer_key, appointment),
        status=AppointmentStatus.BOOKED,
        author=row.author,
        sealed=keys.seal(why, kind=Kind.REASON, object=appointment, author=row.author),
        booked_by=row.author,
        booked_at=call.now,
    )


def _office(ground: BookingGround, state: str) -> UUID:
    """The office whose front desk sees to what the call leaves to do: one in the state, or the practice's first."""
    offices = list(ground.practice.offices.values())
    return next((office.id for office in offices if office.state == state), offices[0].id)


def _booked(row: appointments.Row, now: datetime) -> AppointmentBooked:
    return AppointmentBooked(
        appointment=row.id,
        patient=row.patient,
        clinician=row.clinician,
        office=row.office,
        visit_kind=row.kind,
        start=row.start,
        end=row.end,
        relationship=row.relationship,
        prepare_owner=f"team:front-desk:{row.office}",
        prepare_due=now + PREPARE_WITHIN,
        quote=row.quote,
    )
