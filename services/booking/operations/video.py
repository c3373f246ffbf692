"""Video on call, for the patient's side: how soon, wait, look, leave."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from baton_events.booking import VideoLeft
from baton_events.booking import VideoRequested as Requested
from services.booking.model.on_call import (
    AT_RISK_BEFORE,
    AlreadyWaiting,
    CallOver,
    InAppointment,
    NobodyOnCall,
    NoSuchVideo,
    on_call,
    promised,
)
from services.booking.model.reasons import plain
from services.booking.model.refusals import NothingTold
from services.booking.operations.access import require_own
from services.booking.operations.availability import as_booking
from services.booking.operations.find_offers import emergency
from services.booking.store import appointments
from services.booking.store import video as store
from shared import audit, idempotency
from shared.errors import Refusal
from shared.identity.access import may_open
from shared.outbox import announce
from shared.requests.common import OfPatient
from shared.requests.directory import CLINICIANS, PATIENT, FindClinicians
from shared.requests.directory import Ground as Open
from shared.requests.video import Video, VideoPromise, VideoRequested, VideoState, VideoStatus
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.booking.operations.ground import BookingGround
    from services.booking.store.video import VideoRow
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.booking import EmergencyGuidance
    from shared.requests.directory import ClinicianCard, PatientCard
    from shared.requests.video import AskVideo, OfVideo, RequestVideo

CONNECTED_BY = "team:clinicians-on-call"
VISIT_TYPE = "general"
OVER = frozenset({VideoStatus.LEFT, VideoStatus.ENDED})


async def on_call_in(ground: BookingGround, call: Call, state: str, now: datetime) -> list[ClinicianCard]:
    """Those whose shift it is and who may treat a patient in the state; raises NobodyOnCall when there is none."""
    shift = on_call(ground.practice.shifts, now)
    found = await as_booking(ground, call, CLINICIANS, FindClinicians(state=state, at=now))
    cards = [card for card in found.clinicians if card.clinician in shift]
    if not cards:
        raise NobodyOnCall
    return cards


def price(ground: BookingGround) -> int:
    """What a call costs, in US cents."""
    return ground.practice.visit_types[VISIT_TYPE].price_cents


async def video_promise(ground: BookingGround, call: Call, ask: AskVideo) -> VideoPromise:
    """How soon somebody would join, and for how much, before anything is asked for."""
    await require_own(ground, call, ask.patient)
    card = await _card(ground, call, ask.patient)
    state = ask.state or card.state
    cards = await on_call_in(ground, call, state, call.now)
    async with ground.db.reading() as tx:
        waiting, until = await _promise(tx, call, cards)
    minutes = round((until - call.now).total_seconds() / 60)
    return VideoPromise(state=state, minutes=minutes, waiting=waiting, price_cents=price(ground))


async def _promise(tx: Tx, call: Call, cards: list[ClinicianCard]) -> tuple[int, datetime]:
    """How many wait already, and by when one of the clinicians is with who asks now."""
    waiting = await store.count_waiting(tx)
    busy = await store.count_busy(tx, [card.clinician for card in cards], call.now)
    return waiting, promised(call.now, waiting=waiting, clinicians=len(cards), busy=busy)


async def _card(ground: BookingGround, call: Call, patient: UUID) -> PatientCard:
    return await as_booking(ground, call, PATIENT, OfPatient(patient=patient))


async def request_video(ground: BookingGround, call: Call, ask: RequestVideo) -> VideoRequested:
    """Have the patient wait for who is on call, with a promise that escalates before it is broken.

    What the reason sounds like is told, to a repeat too, and not kept with the answer, which rests in plain.
    """
    first = emergency(ask.reason, ground.practice)
    try:
        done = await _request(ground, call, ask, first)
    except (Refusal, idempotency.Raced):
        before = await idempotency.done_before(ground.db, call)
        if before is None:
            raise
        done = msgspec.json.decode(before, type=VideoRequested)
        call.kept = True
    return msgspec.structs.replace(done, emergency=first)


async def _request(
    ground: BookingGround, call: Call, ask: RequestVideo, first: EmergencyGuidance | None
) -> VideoRequested:
    if not plain(ask.reason):
        raise NothingTold(field="reason")
    await require_own(ground, call, ask.patient)
    card = await _card(ground, call, ask.patient)
    state = ask.state or card.state
    cards = await on_call_in(ground, call, state, call.now)
    keys = await ground.keys(ask.patient)
    video, author = uuid4(), call.person.id
    sealed = keys.seal(ask.reason.encode(), kind=Kind.REASON, object=video, author=author)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        _, until = await _promise(tx, call, cards)
        row = store.VideoRow(
            id=video,
            patient=ask.patient,
            author=author,
            state=state,
            time_zone=card.time_zone,
            sealed=sealed,
            requested_at=call.now,
            promised_at=until,
        )
        if not await store.add(tx, row):
            raise AlreadyWaiting
        if await store.busy(tx, ask.patient, call.now):
            raise InAppointment(emergency=first)
        due = until - AT_RISK_BEFORE
        await announce(
            tx, Requested(video=video, patient=ask.patient, connect_owner=CONNECTED_BY, connect_due=due), call.now
        )
        await audit.record(tx, call, "write", patient=ask.patient, object=video)
        done = VideoRequested(video=video, promised_at=until)
        await idempotency.keep(tx, call, done)
    return done


async def leave_video(ground: BookingGround, call: Call, ask: OfVideo) -> VideoState:
    """Wait no longer, or be in the call no longer, so that another can be asked for; raises NoSuchVideo, CallOver.

    The visit of a call that has begun is still its clinician's to end and to write about.
    """
    async with ground.db.reading() as tx:
        known = await store.find(tx, ask.video)
    if known is None or await may_open(ground, call, known.patient) not in {Open.SELF, Open.PROXY}:
        raise NoSuchVideo
    async with ground.db.transaction() as tx:
        if known.appointment is not None:
            await appointments.lock(tx, known.appointment)  # before its call, as when the visit ends
        row = await store.lock(tx, ask.video)
        if row is None or row.status in OVER:
            raise CallOver
        done = await _hang_up(tx, row, call.now) if row.appointment else await _wait_no_more(tx, row, call.now)
        await audit.record(tx, call, "write", patient=row.patient, object=row.id)
        await idempotency.keep(tx, call, done)
    return done


async def _wait_no_more(tx: Tx, row: VideoRow, now: datetime) -> VideoState:
    await store.leave(tx, row.id, now)
    await announce(tx, VideoLeft(video=row.id, patient=row.patient), now)
    return VideoState(video=row.id, status=VideoStatus.LEFT)


async def _hang_up(tx: Tx, row: VideoRow, now: datetime) -> VideoState:
    """The rest of the time is free, for the patient and for the clinician."""
    assert row.appointment is not None
    await store.hang_up(tx, row.appointment, now)
    return VideoState(video=row.id, status=VideoStatus.ENDED, appointment=row.appointment)


async def video(ground: BookingGround, call: Call, ask: OfVideo) -> Video:
    """The call, to its patient's side and the clinician who joined; raises NoSuchVideo."""
    async with ground.db.reading() as tx:
        known = await store.find(tx, ask.video)
    if known is None or not await _is_theirs(ground, call, known):
        raise NoSuchVideo
    keys = await ground.keys(known.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, known.patient)
        row = await store.find(tx, ask.video)
        assert row is not None
        await audit.record(tx, call, "read", patient=row.patient, object=row.id)
    host = row.clinician == call.person.id
    live = row.status is VideoStatus.CONNECTED
    staff = ground.practice.staff.get(row.clinician) if row.clinician else None
    return Video(
        video=row.id,
        patient=row.patient,
        status=row.status,
        state=row.state,
        reason=keys.open(row.sealed, kind=Kind.REASON, object=row.id, author=row.author).decode(),
        requested_at=row.requested_at,
        promised_at=row.promised_at,
        clinician=row.clinician,
        clinician_name=staff.name if staff else None,
        credential=staff.credential if staff else None,
        appointment=row.appointment,
        link=ground.rooms.link(row.id, call.person.id, host=host, now=call.now) if live else None,
    )


async def _is_theirs(ground: BookingGround, call: Call, row: VideoRow) -> bool:
    if row.clinician is not None and row.clinician == call.person.id:
        return True
    return await may_open(ground, call, row.patient) in {Open.SELF, Open.PROXY}
