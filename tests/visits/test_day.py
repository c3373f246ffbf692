"""A visit from the booking to the message owed that evening."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from baton_events.booking import AppointmentBooked
from baton_events.visits import (
    FollowUpDeclined,
    GuidanceSent,
    VisitCheckedIn,
    VisitEnded,
    VisitLeft,
    VisitStarted,
    VisitSummarised,
)
from services.visits.model import refusals
from services.visits.model.times import follow_up_due
from shared.errors import KeyReused, NotFound, Refusal
from shared.requests import visits as ask
from shared.requests.common import ACCESSES, OfPatient
from tests.visits.day import (
    AMARA,
    BEN,
    HOLD_EVENTS,
    MARIA,
    OAKLAND,
    RELEASE_EVENTS,
    SAMIRA,
    SAN_FRANCISCO,
    SERVICES,
    Day,
    book,
    planned,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.support.stack import Open

PACIFIC = ZoneInfo("America/Los_Angeles")
ALL = [one for one in vars(refusals).values() if getattr(one, "__module__", "") == refusals.__name__]
END_LICENCES = "UPDATE licence SET ended_at = now()"
LIVE_IN_TEXAS = "UPDATE patient SET state = 'TX'"
LIVE_IN_CALIFORNIA = "UPDATE patient SET state = 'CA'"


async def refusal(asking: Awaitable[object]) -> str:
    """The code of the refusal that the request is answered with."""
    with pytest.raises(Refusal) as refused:
        await asking
    return refused.value.code


async def test_a_booking_brings_guidance_for_the_visit(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        visit = await day.read()
        practice = s.servers.surroundings.practice
        assert visit.guidance == practice.visit_types["skin"].guidance + practice.offices[SAN_FRANCISCO].guidance
        assert (visit.status, visit.clinician, visit.office) == (ask.VisitStatus.PLANNED, BEN, SAN_FRANCISCO)
        assert len(await s.events(GuidanceSent)) == 1


async def test_a_whole_visit_is_told_in_events_and_read_by_the_patient(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await day.check_in()
        await day.start()
        over = await day.end()
        step = ask.NextStep(who="Dr. Whitfield", what="Look at the rash again", by=date(2027, 5, 9))
        await day.summarise("A contact rash. It should fade within a week.", next_steps=[step])
        visit = await day.read()
        assert visit.status is ask.VisitStatus.FINISHED
        assert visit.summary == "A contact rash. It should fade within a week."
        assert visit.next_steps == [step]
        assert visit.follow_up_due == over.follow_up_due
        [arrived] = await s.until(lambda: s.events(VisitCheckedIn))
        assert arrived.event.room_owner == f"team:room:{SAN_FRANCISCO}"
        assert arrived.event.room_due == day.booked.start + timedelta(minutes=10)
        [began] = await s.until(lambda: s.events(VisitStarted))
        assert (began.event.visit, began.event.appointment) == (day.visit, day.booked.appointment)
        [ended] = await s.until(lambda: s.events(VisitEnded))
        assert ended.event.clinician_owner == f"clinician:{BEN}"
        assert ended.event.summary_due == ended.time + timedelta(hours=2)
        assert ended.event.follow_up_due == follow_up_due(ended.time, PACIFIC) == over.follow_up_due
        assert len(await s.until(lambda: s.events(VisitSummarised))) == 1


async def test_check_in_before_the_booking_was_heard_of_plans_the_visit_the_same_way(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        await s.as_owner("booking", HOLD_EVENTS)
        booked = await book(s)
        state = await s.ask(ask.CHECK_IN, ask.OfAppointment(appointment=booked.appointment), as_="maria-lopez")
        assert state.status is ask.VisitStatus.ARRIVED
        assert await s.events(AppointmentBooked) == []
        await s.as_owner("booking", RELEASE_EVENTS)
        await s.until(lambda: s.events(AppointmentBooked))
        await s.quiet()
        assert [one.event.visit for one in await s.events(GuidanceSent)] == [state.visit]
        assert await s.fetchval("visits", "SELECT status FROM visit") == "arrived"


async def test_checking_in_twice_is_checking_in_once(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        first = await day.check_in(key="one")
        assert await day.check_in(key="one") == first
        assert await day.check_in(key="two") == first
        await s.quiet()
        assert len(await s.events(VisitCheckedIn)) == 1
        other = await planned(s, office=SAN_FRANCISCO)
        with pytest.raises(KeyReused):
            await other.check_in(key="one")


async def test_check_in_opens_thirty_minutes_before_and_closes_with_the_visits_time(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s, earliest=datetime.now(UTC) + timedelta(hours=2))
        s.clock.set(day.booked.start - timedelta(minutes=31))
        with pytest.raises(Refusal) as early:
            await day.check_in()
        assert early.value.code == "too-early-to-check-in"
        opens = datetime.fromisoformat(early.value.members["opens_at"])
        assert opens == day.booked.start - timedelta(minutes=30)
        s.clock.set(day.booked.end + timedelta(seconds=5))
        assert await refusal(day.check_in()) == "too-late-to-check-in"
        s.clock.set(opens)
        await day.check_in()


async def test_who_leaves_can_check_in_again(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        assert await refusal(day.leave()) == "not-checked-in"
        await day.check_in()
        assert (await day.leave()).status is ask.VisitStatus.PLANNED
        assert await refusal(day.start()) == "start-before-check-in"
        await day.check_in()
        await s.until(lambda: s.events(VisitLeft))
        await s.quiet()
        assert len(await s.events(VisitCheckedIn)) == 2


async def test_a_proxy_checks_in_for_the_patient(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s, "aisha-khan", patient=SAMIRA)
        assert (await day.check_in("aisha-khan")).status is ask.VisitStatus.ARRIVED
        assert (await day.read("aisha-khan")).patient == SAMIRA


async def test_every_wrong_state_is_refused_with_its_own_code(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        assert await refusal(day.start()) == "start-before-check-in"
        assert await refusal(day.order()) == "not-started"
        assert await refusal(day.end()) == "not-started"
        assert await refusal(day.summarise()) == "not-ended"
        assert await refusal(s.ask(ask.DECLINE_FOLLOW_UP, day.of_visit, as_="maria-lopez")) == "not-ended"
        await day.check_in()
        assert await refusal(day.end()) == "not-started"
        await day.start()
        assert await refusal(day.start()) == "already-started"
        assert await refusal(day.check_in()) == "already-started"
        assert await refusal(day.leave()) == "already-started"
        await day.end(follow_up=False)
        assert await refusal(day.end()) == "already-ended"
        assert await refusal(day.start()) == "already-ended"
        assert await refusal(day.order()) == "already-ended"
        assert await refusal(day.check_in()) == "already-ended"
        assert await refusal(s.ask(ask.DECLINE_FOLLOW_UP, day.of_visit, as_="maria-lopez")) == "no-follow-up-owed"
        await day.summarise()
        assert await refusal(day.summarise()) == "already-summarised"


async def test_a_reason_that_calls_for_it_is_followed_up_though_nobody_asked(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s, reason="a fever since last night")).under_way()
        over = await day.end(follow_up=False)
        assert over.follow_up_due is not None
        [ended] = await s.until(lambda: s.events(VisitEnded))
        assert ended.event.follow_up_due == over.follow_up_due


@pytest.mark.parametrize(
    "refused", [one for one in vars(refusals).values() if getattr(one, "__module__", "") == refusals.__name__]
)
def test_every_refusal_says_what_can_be_done_next(refused: type[Refusal]) -> None:
    state, *next_steps = refused().detail.split(". ")
    assert state
    assert next_steps


async def test_only_the_booked_clinician_runs_the_visit(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await day.check_in()
        for step in (day.start, day.end, day.summarise, day.order):
            assert await refusal(step(who="amara-okafor")) == "not-found"
        assert await refusal(day.start("maria-lopez")) == "forbidden"
        await day.start()


async def test_who_treats_a_patient_does_not_check_in_for_them(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        clinician = s.token("ben-whitfield", roles=["clinician", "patient"])
        assert await refusal(s.ask(ask.CHECK_IN, day.appointment, token=clinician)) == "not-found"
        assert await refusal(s.ask(ask.LEAVE, day.of_visit, token=clinician)) == "not-found"


async def test_a_clinician_whose_licence_has_ended_cannot_start(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await day.check_in()
        await s.as_owner("directory", END_LICENCES)
        assert await refusal(day.start()) == "licence-missing"
        assert (await day.read()).status is ask.VisitStatus.ARRIVED


async def test_by_video_the_licence_is_that_of_where_the_patient_lives(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s, clinician=AMARA, kind="video")
        await day.check_in()
        await s.as_owner("directory", LIVE_IN_TEXAS)
        assert await refusal(day.start("amara-okafor")) == "licence-missing"
        await s.as_owner("directory", LIVE_IN_CALIFORNIA)
        await day.start("amara-okafor")


async def test_by_video_the_licence_is_that_of_where_the_patient_says_they_are_now(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s, clinician=AMARA, kind="video")
        await day.check_in(state="NY")
        assert await refusal(day.start("amara-okafor")) == "licence-missing"
        await day.check_in(state="CO")
        await s.as_owner("directory", LIVE_IN_TEXAS)
        await day.check_in()
        await day.start("amara-okafor")


async def test_in_an_office_it_does_not_matter_where_the_patient_says_they_are(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await day.check_in(state="CO")
        await day.start()


@pytest.mark.parametrize("state", ["", "ca", "California", "C\u0130"])
async def test_a_state_is_named_by_its_postal_code(stack: Open, state: str) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        assert await refusal(day.check_in(state=state)) == "invalid"


async def test_the_patient_can_decline_the_follow_up_once(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).over()
        await s.ask(ask.DECLINE_FOLLOW_UP, day.of_visit, as_="maria-lopez")
        assert (await day.read()).follow_up_due is None
        assert await refusal(s.ask(ask.DECLINE_FOLLOW_UP, day.of_visit, as_="maria-lopez")) == "no-follow-up-owed"
        [declined] = await s.until(lambda: s.events(FollowUpDeclined))
        assert declined.event.visit == day.visit


async def test_strangers_find_nothing(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        for stranger in ("jonas-weber", "chen-liu"):
            assert await refusal(day.read(stranger)) == "not-found"
            assert await refusal(s.ask(ask.VISITS, OfPatient(patient=MARIA), as_=stranger)) == "not-found"
            assert await refusal(s.ask(ask.DUE, OfPatient(patient=MARIA), as_=stranger)) == "not-found"
        assert await refusal(day.check_in("jonas-weber")) == "not-found"
        assert await refusal(day.leave("jonas-weber")) == "not-found"
        with pytest.raises(NotFound):
            await s.ask(ask.CHECK_IN, ask.OfAppointment(appointment=MARIA), as_="maria-lopez")


async def test_every_look_is_on_record_with_who_looked(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await day.read("ben-whitfield")
        await s.ask(ask.VISITS, OfPatient(patient=MARIA), as_="ben-whitfield")
        seen = (await s.ask(ACCESSES["visits"], OfPatient(patient=MARIA), as_="maria-lopez")).accesses
        looks = [(access.actor, access.what) for access in seen if access.action == "read"]
        assert (str(BEN), "svc.visits.visit") in looks
        assert (str(BEN), "svc.visits.visits: 1 visits") in looks
        assert ("service:visits", "appointment.booked") in [(one.actor, one.what) for one in seen]


async def test_without_directory_the_visits_own_clinician_reads_and_nobody_else(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await s.stop("directory")
        assert (await day.read("ben-whitfield")).visit == day.visit
        assert await refusal(day.read("amara-okafor")) == "unavailable"


async def test_visits_come_newest_first(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        first: Day = await planned(s)
        second = await planned(s, clinician=AMARA, office=OAKLAND, earliest=first.booked.end)
        found = await s.ask(ask.VISITS, OfPatient(patient=MARIA), as_="maria-lopez")
        assert [visit.visit for visit in found.visits] == [second.visit, first.visit]
