"""The path around a visit: a checklist to tick, the guidance again the day before, one question afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from baton_events.booking import AppointmentRescheduled
from baton_events.visits import GuidanceRepeated, OpinionGiven
from services.visits.model.times import guidance_again
from shared.errors import Refusal
from shared.requests.booking import CANCEL
from shared.requests.paths import GIVE_OPINION, TICK, GiveOpinion, Tick
from tests.booking.moving import moved
from tests.visits.day import AMARA, MARIA, OAKLAND, SAN_FRANCISCO, SERVICES, Day, planned

if TYPE_CHECKING:
    from tests.support.stack import Open, Stack

WESTERN = ZoneInfo("America/Los_Angeles")


async def code(s: Stack, op: object, ask: object, who: str = "maria-lopez") -> str:
    with pytest.raises(Refusal) as refused:
        await s.ask(op, ask, as_=who)  # type: ignore[arg-type]
    return refused.value.code


async def in_a_week(s: Stack) -> Day:
    return await planned(s, earliest=s.clock() + timedelta(days=7))


async def test_the_patient_ticks_what_to_bring_and_the_clinician_sees_it(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        shown = await day.read()
        assert [item.text for item in shown.checklist] == shown.guidance
        assert not any(item.done for item in shown.checklist)
        await s.ask(TICK, Tick(visit=day.visit, item=1), as_="maria-lopez")
        await s.ask(TICK, Tick(visit=day.visit, item=1), as_="maria-lopez")
        assert [item.item for item in (await day.read("ben-whitfield")).checklist if item.done] == [1]
        await s.ask(TICK, Tick(visit=day.visit, item=1, done=False), as_="maria-lopez")
        assert not any(item.done for item in (await day.read()).checklist)
        assert await code(s, TICK, Tick(visit=day.visit, item=len(shown.checklist))) == "no-such-item"
        assert await code(s, TICK, Tick(visit=day.visit, item=0), "jonas-weber") == "not-found"
        await day.under_way()
        assert await code(s, TICK, Tick(visit=day.visit, item=0)) == "already-started"


async def test_what_to_know_is_for_the_reason_and_for_the_place_and_follows_a_move(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        practice = s.servers.surroundings.practice
        day = await in_a_week(s)
        reason = practice.visit_types["skin"].guidance
        here, there = practice.offices[SAN_FRANCISCO].guidance, practice.offices[OAKLAND].guidance
        shown = (await day.read()).checklist
        assert [item.text for item in shown] == reason + here
        for item in (shown[0], shown[-1]):
            await s.ask(TICK, Tick(visit=day.visit, item=item.item), as_="maria-lopez")
        await s.handled("visits", await s.publish(moved_to_oakland(s, day)))
        shown = (await day.read()).checklist
        assert [item.text for item in shown] == reason + there
        assert [item.text for item in shown if item.done] == reason[:1]
        video = await planned(s, clinician=AMARA, kind="video", earliest=s.clock() + timedelta(days=9))
        assert [item.text for item in (await video.read()).checklist] == reason + practice.video_guidance


def moved_to_oakland(s: Stack, day: Day) -> AppointmentRescheduled:
    """The visit, three days later, with another clinician in another office."""
    start = day.booked.start + timedelta(days=3)
    s.stream.sequences[day.booked.appointment] = 1
    return AppointmentRescheduled(
        appointment=day.booked.appointment,
        patient=MARIA,
        clinician=AMARA,
        office=OAKLAND,
        start=start,
        end=start + timedelta(minutes=20),
    )


async def test_how_it_went_is_asked_once_and_told_to_nobody_but_those_who_may_read_the_visit(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        ask = GiveOpinion(visit=day.visit, score=4, words="I waited two minutes.")
        assert await code(s, GIVE_OPINION, ask) == "not-ended"
        await day.over()
        await s.ask(GIVE_OPINION, ask, as_="maria-lopez", key="once")
        await s.ask(GIVE_OPINION, ask, as_="maria-lopez", key="once")
        opinion = (await day.read("ben-whitfield")).opinion
        assert opinion is not None
        assert (opinion.score, opinion.words) == (4, "I waited two minutes.")
        assert await code(s, GIVE_OPINION, ask) == "opinion-given-before"
        assert await code(s, GIVE_OPINION, ask, "jonas-weber") == "not-found"
        [given] = await s.until(lambda: s.events(OpinionGiven))
        assert given.event == OpinionGiven(visit=day.visit, patient=MARIA)
        assert b"two minutes" not in await s.fetchval("visits", "SELECT sealed FROM opinion")


async def test_the_guidance_comes_again_the_day_before_once_also_after_an_outage(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await in_a_week(s)
        again = guidance_again(day.booked.start, WESTERN)
        s.clock.set(again - timedelta(seconds=1))
        await s.quiet()
        assert await s.events(GuidanceRepeated) == []
        await s.stop("visits")
        s.clock.set(again + timedelta(hours=5))
        await s.start("visits")
        [repeated] = await s.until(lambda: s.events(GuidanceRepeated))
        assert repeated.event == GuidanceRepeated(visit=day.visit, appointment=day.booked.appointment, patient=MARIA)
        await s.restart("visits")
        s.clock.advance(timedelta(hours=5))
        await s.quiet()
        assert len(await s.events(GuidanceRepeated)) == 1


async def test_what_to_know_before_a_visit_is_not_told_again_once_it_should_have_begun(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await in_a_week(s)
        await s.stop("visits")
        s.clock.set(day.booked.start)
        await s.start("visits")
        await s.quiet()
        await s.until(lambda: s.fetchval("visits", "SELECT bool_and(fired_at IS NOT NULL) FROM deadline"))
        await s.quiet()
        assert await s.events(GuidanceRepeated) == []


async def test_a_visit_that_moves_has_its_guidance_again_before_its_new_day_only(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await in_a_week(s)
        moved = moved_to_oakland(s, day)
        await s.handled("visits", await s.publish(moved))
        s.clock.set(guidance_again(day.booked.start, WESTERN) + timedelta(hours=1))
        await s.quiet()
        assert await s.events(GuidanceRepeated) == []
        s.clock.set(guidance_again(moved.start, WESTERN) + timedelta(seconds=1))
        await s.until(lambda: s.events(GuidanceRepeated))


async def test_a_visit_that_moves_to_so_soon_that_its_day_before_is_past_has_its_guidance_again_at_once(
    stack: Open,
) -> None:
    async with stack(*SERVICES) as s:
        s.clock.set(datetime.combine(s.clock().astimezone(WESTERN) + timedelta(days=1), time(12), tzinfo=WESTERN))
        day = await in_a_week(s)
        for hours in (20, 24):
            to = s.clock() + timedelta(hours=hours)
            await moved(s, day.booked.appointment, earliest=to, latest=to + timedelta(hours=1))
            await s.quiet()
            assert len(await s.events(GuidanceRepeated)) == 1


async def test_a_visit_that_is_off_or_is_today_has_no_guidance_again(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        await planned(s)
        assert await s.fetchval("visits", "SELECT count(*) FROM deadline WHERE cancelled_at IS NULL") == 0
        day = await in_a_week(s)
        assert await s.fetchval("visits", "SELECT count(*) FROM deadline WHERE cancelled_at IS NULL") == 1
        await s.ask(CANCEL, day.appointment, as_="maria-lopez")

        async def off() -> bool:
            return await s.fetchval("visits", "SELECT count(*) FROM deadline WHERE cancelled_at IS NULL") == 0

        await s.until(off)


@pytest.mark.parametrize(
    ("start", "again"),
    [
        (datetime(2027, 3, 15, 9, tzinfo=WESTERN), datetime(2027, 3, 14, 17, tzinfo=UTC)),
        (datetime(2027, 3, 14, 9, tzinfo=WESTERN), datetime(2027, 3, 13, 18, tzinfo=UTC)),
        (datetime(2027, 11, 8, 9, tzinfo=WESTERN), datetime(2027, 11, 7, 18, tzinfo=UTC)),
        (datetime(2027, 11, 7, 0, 30, tzinfo=WESTERN), datetime(2027, 11, 6, 17, tzinfo=UTC)),
    ],
)
def test_ten_in_the_morning_is_that_of_the_place_when_the_clocks_change(start: datetime, again: datetime) -> None:
    assert guidance_again(start, WESTERN) == again
