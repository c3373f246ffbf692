"""Times that come free: offered to one after another, to whom they fit."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from baton_events.booking import (
    WaitlistLapsed,
    WaitlistLeft,
    WaitlistOffered,
)
from baton_events.codes import Availability
from services.booking.model.refusals import TimeClosed
from services.booking.model.waitlist import ClaimLapsed
from services.booking.operations.waitlist_offer import offer_round
from shared.errors import Refusal
from shared.requests.availability import LIFT, OVERRIDE, OfOverride, OverrideAvailability
from shared.requests.waitlist import CLAIM_TIME, ClaimTime
from tests.booking.moving import moved
from tests.booking.people import AMARA, BEN, MARIA, OAKLAND, SAN_FRANCISCO
from tests.booking.visits import first
from tests.booking.waiting import (
    HOUR,
    MORNING,
    QUARTER,
    change,
    claim,
    crowd,
    give_back,
    holder,
    leave,
    live,
    offered,
    s,
    services,
    settled,
    taken,
    told,
    wait_for,
    waits,
)

if TYPE_CHECKING:
    from tests.support.stack import Stack

__all__ = ["s", "services"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
MINUTE = timedelta(minutes=1)


async def test_the_clinicians_own_patients_come_first_then_first_come_first_served(s: Stack) -> None:
    people = await crowd(s, 3)
    for _, token in people:
        await wait_for(s, token=token, clinician=AMARA)
    await wait_for(s, clinician=AMARA)
    booked = await taken(s, clinician=AMARA)
    await give_back(s, booked)
    for expected in (MARIA, *(who for who, _ in people)):
        assert await holder(s) == expected
        s.clock.advance(QUARTER)
        await s.quiet()
    assert await holder(s) is None
    assert await s.fetchval("booking", "SELECT status FROM freed_time") == "free"
    assert await s.fetchval("booking", "SELECT count(*) FROM appointment WHERE status = 'proposed'") == 0
    assert await s.fetchval("booking", "SELECT array_agg(token ORDER BY token) FROM claim") == [1, 2, 3, 4]
    assert (await first(s, clinician=AMARA, earliest=booked.start, latest=booked.start)).start == booked.start


async def test_who_lets_a_time_lapse_is_told_once_keeps_their_place_and_gets_the_next(s: Stack) -> None:
    one, other = await taken(s, 3), await taken(s, 5)
    state = await wait_for(s)
    await give_back(s, one)
    lapsed = await offered(s)
    s.clock.advance(QUARTER)
    await settled(s)
    assert [event.claim for event in await told(s, WaitlistLapsed, state.wait)] == [lapsed.claim]
    assert await holder(s) is None
    await give_back(s, other)
    assert (await offered(s)).start == other.start
    assert len(await told(s, WaitlistOffered, state.wait)) == 2


async def test_changing_a_wait_never_makes_a_claim_last_longer_nor_takes_it_away(s: Stack) -> None:
    booked = await taken(s)
    state = await wait_for(s)
    await give_back(s, booked)
    got = await offered(s)
    s.clock.advance(10 * MINUTE)
    await change(s, state.wait, clinician=AMARA, until=s.clock() + timedelta(days=20))
    assert await offered(s) == got
    s.clock.advance(5 * MINUTE)
    await settled(s)
    assert await live(s) == []
    assert [event.claim for event in await told(s, WaitlistLapsed, state.wait)] == [got.claim]
    with pytest.raises(ClaimLapsed):
        await claim(s, got)


async def test_who_leaves_gives_the_time_to_the_next_at_once(s: Stack) -> None:
    booked = await taken(s)
    people = await crowd(s, 1)
    state = await wait_for(s)
    await wait_for(s, token=people[0][1])
    await give_back(s, booked)
    await offered(s)
    await leave(s, state.wait)
    assert await holder(s) == people[0][0]
    assert len(await told(s, WaitlistLapsed, state.wait)) == len(await told(s, WaitlistLeft, state.wait)) == 1
    s.clock.advance(QUARTER)
    await s.quiet()
    assert len(await told(s, WaitlistLapsed, state.wait)) == 1


async def test_a_claim_ends_with_the_wait_and_the_time_goes_on(s: Stack) -> None:
    booked = await taken(s)
    state = await wait_for(s, until=s.clock() + 10 * MINUTE)
    await give_back(s, booked)
    got = await offered(s)
    assert got.lapses_at == state.until
    s.clock.advance(10 * MINUTE)
    await settled(s)
    assert await waits(s) == []
    assert len(await told(s, WaitlistLapsed, state.wait)) == len(await told(s, WaitlistLeft, state.wait)) == 1
    assert await s.fetchval("booking", "SELECT status FROM freed_time") == "free"


async def test_a_time_moved_away_from_goes_to_who_waits_and_not_to_who_left_it(s: Stack) -> None:
    people = await crowd(s, 1)
    booked = await taken(s, 6, "maria-lopez")
    await wait_for(s, earliest=booked.start, latest=booked.start)
    await wait_for(s, token=people[0][1])
    await moved(s, booked.appointment, clinician=BEN, earliest=booked.start + 24 * HOUR)
    assert await holder(s) == people[0][0]


async def test_who_waits_instead_of_an_appointment_is_offered_only_what_is_earlier(s: Stack) -> None:
    early, late = await taken(s, 3, "maria-lopez"), await taken(s, 6)
    await wait_for(s, instead_of=early.appointment)
    await give_back(s, late)
    assert await holder(s) is None


async def test_what_is_earlier_is_earlier_than_the_appointment_as_it_is_now(s: Stack) -> None:
    mine = await taken(s, 3, "maria-lopez", clinician=AMARA)
    await wait_for(s, instead_of=mine.appointment, clinician=BEN)
    stretch = {"clinician": BEN, "office": SAN_FRANCISCO, "start": mine.start - 10 * MINUTE, "end": mine.end + 5 * HOUR}
    opening = OverrideAvailability(availability=Availability.OPEN, reason="stays", **stretch)
    await s.ask(OVERRIDE, opening, as_="fern-dale")
    assert await holder(s) is None


async def test_what_opens_at_once_is_offered_as_soon_as_it_can_be_claimed(s: Stack) -> None:
    await wait_for(s, clinician=AMARA, office=SAN_FRANCISCO)
    stretch = {"clinician": AMARA, "office": SAN_FRANCISCO, "start": s.clock(), "end": s.clock() + 4 * HOUR}
    opening = OverrideAvailability(availability=Availability.OPEN, reason="helps out", **stretch)
    await s.ask(OVERRIDE, opening, as_="fern-dale")
    got = await offered(s)
    assert MORNING + 5 * MINUTE <= got.lapses_at <= got.start - 2 * MINUTE
    assert got.start <= MORNING + QUARTER


@pytest.mark.parametrize(
    "wanted",
    [
        {"clinician": AMARA},
        {"clinician": None, "office": OAKLAND},
        {"earliest": MORNING + 10 * HOUR},
        {"latest": MORNING + 2 * HOUR},
        {"after": "16:00", "before": "20:00"},
        {"days": [7]},
        {"visit_type": "same-day"},
        {"until": MORNING + 4 * MINUTE},
    ],
)
async def test_nobody_is_offered_what_does_not_fit(s: Stack, wanted: dict[str, Any]) -> None:
    booked = await taken(s)
    await taken(s, 3.2)
    await wait_for(s, **wanted)
    await give_back(s, booked)
    assert await holder(s) is None
    assert await s.fetchval("booking", "SELECT status FROM freed_time") == "free"


async def test_nobody_is_offered_where_they_may_not_be_treated_or_are_not_free_or_what_they_gave_back(s: Stack) -> None:
    booked = await taken(s)
    busy = await taken(s, 3, "maria-lopez", clinician=AMARA)
    assert busy.start < booked.end
    for who in ("jonas-weber", "maria-lopez", "aisha-khan"):
        await wait_for(s, who)
    await give_back(s, booked)
    assert await holder(s) is None
    assert len(await waits(s, "aisha-khan")) == 1


async def test_a_longer_time_is_shared_by_those_whom_it_fits(s: Stack) -> None:
    people = await crowd(s, 4)
    start = MORNING + 26 * HOUR
    closing = OverrideAvailability(
        clinician=BEN,
        office=SAN_FRANCISCO,
        availability=Availability.CLOSED,
        start=start,
        end=start + HOUR,
        reason="training",
    )
    closed = await s.ask(OVERRIDE, closing, as_="fern-dale")
    for _, token in people:
        await wait_for(s, token=token, earliest=start - 10 * MINUTE, latest=start + HOUR)
    await s.ask(LIFT, OfOverride(override=closed.override), as_="fern-dale")
    await settled(s)
    rows = await s.fetch("booking", "SELECT start_at FROM appointment WHERE status = 'proposed' ORDER BY start_at")
    starts = [row["start_at"] - start for row in rows]
    assert len(starts) >= 2
    assert all(later - earlier >= 20 * MINUTE for earlier, later in pairwise(starts))
    assert {UUID(row["patient"]) for row in await live(s)} == {who for who, _ in people[: len(starts)]}


async def test_an_opened_stretch_is_offered_and_what_closed_again_cannot_be_taken(s: Stack) -> None:
    await wait_for(s, clinician=AMARA, office=SAN_FRANCISCO)
    start = MORNING + 5 * HOUR
    stretch: dict[str, Any] = {
        "clinician": AMARA,
        "office": SAN_FRANCISCO,
        "start": start,
        "end": start + HOUR,
        "reason": "helps out",
    }
    opening = OverrideAvailability(availability=Availability.OPEN, **stretch)
    await s.ask(OVERRIDE, opening, as_="fern-dale")
    got = await offered(s)
    assert (got.clinician, got.office) == (AMARA, SAN_FRANCISCO)
    await s.ask(OVERRIDE, OverrideAvailability(availability=Availability.CLOSED, **stretch), as_="fern-dale")
    with pytest.raises(TimeClosed) as refused:
        await claim(s, got)
    assert "offers" in refused.value.members


async def test_an_erased_patient_waits_for_nothing_and_what_was_theirs_goes_to_the_next(s: Stack) -> None:
    booked = await taken(s)
    people = await crowd(s, 2)
    for _, token in people:
        await wait_for(s, token=token)
    await s.fetch("booking", "INSERT INTO erased_patient VALUES ($1, now())", people[0][0])
    await give_back(s, booked)
    assert await holder(s) == people[1][0]
    await s.fetch("booking", "INSERT INTO erased_patient VALUES ($1, now())", people[1][0])
    with pytest.raises(Refusal) as refused:
        await s.ask(CLAIM_TIME, ClaimTime(claim=(await live(s))[0]["id"], token=1), token=people[1][1])
    assert refused.value.status == 404
    s.clock.advance(QUARTER)
    assert await holder(s) is None


async def test_several_instances_offer_a_time_to_one(s: Stack) -> None:
    people = await crowd(s, 5)
    for _, token in people:
        await wait_for(s, token=token)
    times = [await taken(s, hours) for hours in (3, 4, 5)]
    ground = s.ground("booking")
    await asyncio.gather(*(give_back(s, one) for one in times), *(offer_round(ground) for _ in range(6)))  # type: ignore[arg-type]
    await asyncio.gather(*(offer_round(ground) for _ in range(6)))  # type: ignore[arg-type]
    await settled(s)
    assert {UUID(row["patient"]) for row in await live(s)} == {who for who, _ in people[:3]}
    assert await s.fetchval("booking", "SELECT count(*) FROM claim") == 3


async def test_after_an_outage_of_hours_every_claim_lapses_once_and_the_next_have_their_quarter(s: Stack) -> None:
    people = await crowd(s, 2)
    states = [await wait_for(s, token=token) for _, token in people]
    booked = await taken(s, 8)
    await give_back(s, booked)
    await offered(s, people[0][0], token=people[0][1])
    await s.stop("booking")
    s.clock.advance(3 * HOUR)
    await s.start("booking")
    got = await offered(s, people[1][0], token=people[1][1])
    assert got.lapses_at - s.clock() > timedelta(minutes=14)
    assert len(await told(s, WaitlistLapsed, states[0].wait)) == 1
