"""Video on call: a promise, exactly one clinician, and a visit like any other."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from baton_events.booking import AppointmentBooked, VideoConnected, VideoLeft, VideoRequested
from baton_events.directory import ErasureApproved
from baton_events.visits import GuidanceSent, VisitCheckedIn, VisitStarted
from services.booking.model.on_call import end_of, may_join, on_call, promised
from services.booking.operations.rooms import JitsiRooms
from shared.errors import Refusal
from shared.practice.model import Shift
from shared.requests import video as ask
from shared.requests import visits
from shared.requests.booking import APPOINTMENT, CANCEL, OfAppointment
from tests.booking.people import JONAS
from tests.booking.visits import book, ended

if TYPE_CHECKING:
    from tests.support.stack import Open, Stack

MARIA = UUID("9a71e000-0000-4000-8000-000000000001")
DANA = UUID("c1111c00-0000-4000-8000-000000000003")
REASON = "A rash on my arm since yesterday"
NOON = datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("America/Denver"))


async def wait(s: Stack, who: str = "maria-lopez", patient: UUID = MARIA, **more: object) -> ask.VideoRequested:
    wanted = ask.RequestVideo(**{"patient": patient, "reason": REASON, **more})  # type: ignore[arg-type]
    return await s.ask(ask.REQUEST_VIDEO, wanted, as_=who)


async def refused(s: Stack, op: object, what: object, who: str) -> str:
    with pytest.raises(Refusal) as refusal:
        await s.ask(op, what, as_=who)  # type: ignore[arg-type]
    return refusal.value.code


async def test_a_patient_waits_a_clinician_joins_and_it_is_a_visit_like_any_other(stack: Open) -> None:
    async with stack("directory", "booking", "visits") as s:
        promise = await s.ask(ask.VIDEO_PROMISE, ask.AskVideo(patient=MARIA), as_="maria-lopez")
        assert (promise.state, promise.minutes, promise.waiting, promise.price_cents) == ("CA", 10, 0, 9900)
        waits = await wait(s)
        assert timedelta(minutes=9) < waits.promised_at - s.clock() <= timedelta(minutes=10)
        of_video = ask.OfVideo(video=waits.video)
        [requested] = await s.until(lambda: s.events(VideoRequested))
        assert requested.event.connect_due == waits.promised_at - timedelta(minutes=2)
        seen = await s.ask(ask.VIDEO, of_video, as_="maria-lopez")
        assert (seen.status, seen.reason, seen.link) == ("waiting", REASON, None)
        [queued] = (await s.ask(ask.VIDEO_QUEUE, ask.AskVideoQueue(), as_="dana-reyes")).waiting
        assert queued.video == waits.video
        joined = await s.ask(ask.CONNECT_VIDEO, of_video, as_="dana-reyes")
        assert joined.appointment is not None
        again = await s.ask(ask.CONNECT_VIDEO, of_video, as_="dana-reyes")
        assert again == joined
        [booked] = await s.until(lambda: s.events(AppointmentBooked))
        [connected] = await s.until(lambda: s.events(VideoConnected))
        assert connected.event.appointment == booked.event.appointment == joined.appointment
        [started] = await s.until(lambda: s.events(VisitStarted))
        assert started.event.clinician == DANA
        assert await s.events(VisitCheckedIn) == []
        theirs = await s.ask(ask.VIDEO, of_video, as_="dana-reyes")
        mine = await s.ask(ask.VIDEO, of_video, as_="maria-lopez")
        assert theirs.link is not None
        assert mine.link is not None
        assert theirs.link.split("?")[0] == mine.link.split("?")[0]
        assert (mine.clinician_name, mine.credential) == ("Dana Reyes", "PA")
        reason = await s.ask(APPOINTMENT, OfAppointment(appointment=joined.appointment), as_="dana-reyes")
        assert reason.reason == REASON
        visit = started.event.visit
        await s.ask(visits.END, visits.EndVisit(visit=visit, follow_up=False), as_="dana-reyes")

        async def over() -> bool:
            return (await s.ask(ask.VIDEO, of_video, as_="maria-lopez")).status is ask.VideoStatus.ENDED

        await s.until(over)
        assert (await s.ask(ask.VIDEO, of_video, as_="maria-lopez")).link is None
        await wait(s)


async def test_one_of_fifty_joins_and_nobody_is_in_two_calls(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        of_video = ask.OfVideo(video=(await wait(s)).video)
        other = ask.OfVideo(video=(await wait(s, "jonas-weber", UUID("9a71e000-0000-4000-8000-000000000002"))).video)
        tries = [s.ask(ask.CONNECT_VIDEO, one, as_="dana-reyes") for one in (of_video, other) for _ in range(25)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert {one.code for one in answers if isinstance(one, Refusal)} <= {"busy-now"}
        assert {one.video for one in answers if isinstance(one, ask.VideoState)} in ({of_video.video}, {other.video})
        assert await s.fetchval("booking", "SELECT count(*) FROM appointment") == 1
        await s.quiet()
        assert len(await s.events(VideoConnected)) == 1


async def test_who_leaves_is_waited_for_no_more_and_may_come_again(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        of_video = ask.OfVideo(video=(await wait(s)).video)
        assert await refused(s, ask.REQUEST_VIDEO, ask.RequestVideo(patient=MARIA, reason=REASON), "maria-lopez") == (
            "already-waiting"
        )
        assert await refused(s, ask.LEAVE_VIDEO, of_video, "jonas-weber") == "no-such-video"
        await s.ask(ask.LEAVE_VIDEO, of_video, as_="maria-lopez")
        await s.until(lambda: s.events(VideoLeft))
        assert await refused(s, ask.LEAVE_VIDEO, of_video, "maria-lopez") == "call-over"
        assert await refused(s, ask.CONNECT_VIDEO, of_video, "dana-reyes") == "call-over"
        assert (await s.ask(ask.VIDEO_QUEUE, ask.AskVideoQueue(), as_="dana-reyes")).waiting == []
        await wait(s)


async def test_who_hangs_up_may_ask_for_another_and_the_visit_is_still_its_clinicians(stack: Open) -> None:
    async with stack("directory", "booking", "visits") as s:
        of_video = ask.OfVideo(video=(await wait(s)).video)
        joined = await s.ask(ask.CONNECT_VIDEO, of_video, as_="dana-reyes")
        [started] = await s.until(lambda: s.events(VisitStarted))
        await s.quiet()
        assert await refused(s, ask.REQUEST_VIDEO, ask.RequestVideo(patient=MARIA, reason=REASON), "maria-lopez") == (
            "already-waiting"
        )
        left = await s.ask(ask.LEAVE_VIDEO, of_video, as_="maria-lopez")
        assert (left.status, left.appointment) == (ask.VideoStatus.ENDED, joined.appointment)
        assert (await s.ask(ask.VIDEO, of_video, as_="maria-lopez")).link is None
        assert await refused(s, ask.LEAVE_VIDEO, of_video, "maria-lopez") == "call-over"
        s.clock.advance(timedelta(seconds=2))
        again = await wait(s)
        await s.ask(ask.CONNECT_VIDEO, ask.OfVideo(video=again.video), as_="dana-reyes")
        await s.ask(visits.END, visits.EndVisit(visit=started.event.visit, follow_up=False), as_="dana-reyes")
        await s.quiet()
        assert await s.events(VideoLeft) == []
        assert (await s.ask(ask.VIDEO, ask.OfVideo(video=again.video), as_="maria-lopez")).status == "connected"


async def test_nobody_is_promised_at_once_a_clinician_who_is_in_a_call(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        of_video = ask.OfVideo(video=(await wait(s)).video)
        await s.ask(ask.CONNECT_VIDEO, of_video, as_="dana-reyes")
        asks = ask.AskVideo(patient=JONAS)
        promise = await s.ask(ask.VIDEO_PROMISE, asks, as_="jonas-weber")
        assert (promise.minutes, promise.waiting) == (20, 0)
        waits = await wait(s, "jonas-weber", JONAS)
        assert timedelta(minutes=19) < waits.promised_at - s.clock() <= timedelta(minutes=20)
        await s.ask(ask.LEAVE_VIDEO, of_video, as_="maria-lopez")
        s.clock.advance(timedelta(minutes=1))
        assert (await s.ask(ask.VIDEO_PROMISE, ask.AskVideo(patient=MARIA), as_="maria-lopez")).minutes == 20


async def test_who_hangs_up_as_the_visit_is_ended_waits_for_nobody(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        for _ in range(5):
            of_video = ask.OfVideo(video=(await wait(s)).video)
            joined = await s.ask(ask.CONNECT_VIDEO, of_video, as_="dana-reyes")
            assert joined.appointment is not None
            of = OfAppointment(appointment=joined.appointment)
            booked = await s.ask(APPOINTMENT, of, as_="maria-lopez")
            over, _ = await asyncio.gather(
                s.publish(ended(booked, MARIA)),
                s.ask(ask.LEAVE_VIDEO, of_video, as_="maria-lopez"),
                return_exceptions=True,
            )
            assert isinstance(over, UUID)
            await s.handled("booking", over)
            assert (await s.ask(ask.VIDEO, of_video, as_="maria-lopez")).status is ask.VideoStatus.ENDED
            s.clock.advance(timedelta(minutes=1))


async def test_who_has_an_appointment_at_this_moment_is_told_so_and_not_left_waiting(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        booked = await book(s)
        s.clock.set(booked.start)
        asks = ask.RequestVideo(patient=MARIA, reason=REASON)
        assert await refused(s, ask.REQUEST_VIDEO, asks, "maria-lopez") == "in-appointment"
        await s.ask(CANCEL, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
        await wait(s)


async def test_an_erased_patient_is_waited_for_no_more_and_makes_nobody_wait_longer(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        await wait(s)
        await s.deliver("booking", ErasureApproved(erasure=uuid4(), patient=MARIA))
        assert (await s.ask(ask.VIDEO_QUEUE, ask.AskVideoQueue(), as_="dana-reyes")).waiting == []
        later = ask.AskVideo(patient=JONAS)
        assert (await s.ask(ask.VIDEO_PROMISE, later, as_="jonas-weber")).waiting == 0


async def test_a_visit_by_video_that_was_booked_has_a_room_for_its_two_and_for_nobody_else(stack: Open) -> None:
    async with stack("directory", "booking", "visits") as s:
        booked = await book(s, kind="video", earliest=s.clock() + timedelta(hours=2))
        of = OfAppointment(appointment=booked.appointment)
        assert (await s.ask(APPOINTMENT, of, as_="maria-lopez")).link is None
        s.clock.set(booked.start - timedelta(minutes=29))
        mine = (await s.ask(APPOINTMENT, of, as_="maria-lopez")).link
        theirs = (await s.ask(APPOINTMENT, of, as_=booked.clinician)).link
        assert mine is not None
        assert theirs is not None
        assert mine.split("?")[0] == theirs.split("?")[0]
        await s.until(lambda: s.events(GuidanceSent))
        await s.ask(visits.CHECK_IN, of, as_="maria-lopez")
        [here] = await s.until(lambda: s.events(VisitCheckedIn))
        assert here.event.room_owner == f"clinician:{booked.clinician}"
        await s.ask(CANCEL, of, as_="maria-lopez")
        assert (await s.ask(APPOINTMENT, of, as_="maria-lopez")).link is None


async def test_only_clinicians_on_shift_and_licensed_there_are_promised_or_join(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        elsewhere = ask.RequestVideo(patient=MARIA, reason=REASON, state="NY")
        assert await refused(s, ask.REQUEST_VIDEO, elsewhere, "maria-lopez") == "nobody-on-call"
        of_video = ask.OfVideo(video=(await wait(s, state="NV")).video)
        assert await refused(s, ask.CONNECT_VIDEO, of_video, "amara-okafor") == "not-on-call"
        assert await refused(s, ask.VIDEO_QUEUE, ask.AskVideoQueue(), "ben-whitfield") == "not-on-call"
        assert await refused(s, ask.VIDEO, of_video, "dana-reyes") == "no-such-video"
        assert await refused(s, ask.CONNECT_VIDEO, ask.OfVideo(video=uuid4()), "dana-reyes") == "no-such-video"
        await s.as_owner("directory", "UPDATE licence SET expires = '2020-01-01' WHERE state = 'NV'")
        assert await refused(s, ask.CONNECT_VIDEO, of_video, "dana-reyes") == "licence-missing"


async def test_the_words_rest_sealed_and_an_emergency_is_met_with_guidance_first(stack: Open) -> None:
    async with stack("directory", "booking") as s:
        waits = await wait(s, reason="Crushing chest pain and my left arm is numb")
        assert waits.emergency is not None
        assert "911" in waits.emergency.text + waits.emergency.call
        assert b"chest" not in await s.fetchval("booking", "SELECT sealed FROM video")


def test_a_shift_is_read_where_it_is_kept() -> None:
    night = Shift(clinician=DANA, weekdays=[1], opens="18:00", closes="24:00", time_zone="America/Denver")
    assert not on_call([night], NOON)
    assert on_call([night], NOON.replace(hour=18)) == {DANA}
    assert on_call([night], NOON.replace(hour=23, minute=59)) == {DANA}
    assert not on_call([night], NOON + timedelta(days=1, hours=8))


def test_a_promise_grows_with_those_before_and_shrinks_with_those_on_call() -> None:
    assert promised(NOON, waiting=0, clinicians=1) == NOON + timedelta(minutes=10)
    assert promised(NOON, waiting=3, clinicians=1) == NOON + timedelta(minutes=40)
    assert promised(NOON, waiting=3, clinicians=2) == NOON + timedelta(minutes=20)
    assert promised(NOON, waiting=0, clinicians=2, busy=1) == NOON + timedelta(minutes=10)
    assert promised(NOON, waiting=1, clinicians=2, busy=1) == NOON + timedelta(minutes=20)


@pytest.mark.parametrize(
    ("credential", "others", "minutes", "may"),
    [
        ("PA", {"PA", "MD"}, 0, True),
        ("MD", {"PA", "MD"}, 1, False),
        ("MD", {"PA", "MD"}, 2, True),
        ("MD", {"MD"}, 0, True),
    ],
)
def test_physician_assistants_come_first(credential: str, others: set[str], minutes: int, *, may: bool) -> None:
    now = NOON + timedelta(minutes=minutes)
    assert may_join(credential=credential, on_call_with=others, requested=NOON, now=now) is may


def test_a_call_is_planned_until_the_next_appointment_at_most() -> None:
    assert end_of(NOON, None) == NOON + timedelta(minutes=20)
    assert end_of(NOON, NOON + timedelta(minutes=12)) == NOON + timedelta(minutes=12)


def test_a_link_lets_one_person_into_one_room_for_an_hour_and_names_nobody() -> None:
    rooms, call = JitsiRooms("https://meet.example.org", "baton", b"s" * 32), uuid4()
    link = rooms.link(call, MARIA, host=False, now=NOON)
    room, token = link.removeprefix("https://meet.example.org/").split("?jwt=")
    claims = jwt.decode(token, OctKey.import_key(b"s" * 32)).claims
    assert claims["room"] == room
    assert claims["exp"] - NOON.timestamp() == 3600
    assert claims["context"]["user"]["moderator"] is False
    assert str(MARIA) not in link + str(claims)
    assert str(call) not in link + str(claims)
