"""Taking a time that is one's own to take: once, by nobody else, and not too late."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from baton_events.booking import (
    AppointmentBooked,
    AppointmentRescheduled,
    WaitlistClaimed,
    WaitlistOffered,
)
from baton_events.directory import RelationshipStarted
from services.booking.model.refusals import LicenceMissing, PatientBusy, SlotTaken
from services.booking.model.waitlist import ClaimedAlready, ClaimLapsed, NoSuchClaim
from shared.errors import NotFound
from shared.requests.booking import (
    APPOINTMENT,
    APPOINTMENTS,
    BOOK,
    FIND_OFFERS,
    Book,
    FindOffers,
    OfAppointment,
)
from shared.requests.common import OfPatient
from shared.requests.waitlist import CLAIM_TIME, ClaimTime
from tests.booking.people import AMARA, BEN, MARIA, SAN_FRANCISCO
from tests.booking.visits import CANARY, find, first, take
from tests.booking.waiting import (
    HOUR,
    QUARTER,
    claim,
    crowd,
    give_back,
    holder,
    live,
    offered,
    s,
    services,
    taken,
    told,
    wait_for,
    waits,
)

if TYPE_CHECKING:
    from shared.requests.booking import Offer
    from tests.support.stack import Stack

__all__ = ["s", "services"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
CROWD = 200
MINUTE = timedelta(minutes=1)


async def test_a_time_given_back_is_theirs_to_take_and_nobody_elses(s: Stack) -> None:
    booked = await taken(s)
    state = await wait_for(s)
    await give_back(s, booked)
    got = await offered(s)
    assert (got.clinician, got.clinician_name, got.office) == (BEN, "Ben Whitfield", SAN_FRANCISCO)
    assert (got.start, got.end, got.minutes, got.price_cents) == (booked.start, booked.end, 20, 9900)
    assert timedelta(minutes=14) < got.lapses_at - s.clock() <= QUARTER
    [event] = await told(s, WaitlistOffered, state.wait)
    assert (event.patient, event.claim, event.lapses) == (MARIA, got.claim, got.lapses_at)
    done = await claim(s, got)
    assert (done.start, done.clinician, done.status) == (booked.start, BEN, "booked")
    seen = await s.ask(APPOINTMENT, OfAppointment(appointment=done.appointment), as_=MARIA)
    assert (seen.reason, seen.visit_type, seen.price_cents) == (CANARY, "skin", 9900)
    assert await waits(s) == []
    [claimed] = await told(s, WaitlistClaimed, state.wait)
    assert (claimed.claim, claimed.appointment) == (got.claim, done.appointment)
    [event] = [one.event for one in await s.events(AppointmentBooked) if one.event.appointment == done.appointment]
    started = {one.event.relationship for one in await s.events(RelationshipStarted)}
    assert event.relationship in started


async def test_while_it_is_theirs_it_is_no_appointment_and_cannot_be_booked(s: Stack) -> None:
    booked = await taken(s)
    await wait_for(s)
    await give_back(s, booked)
    got = await offered(s)
    assert (await s.ask(APPOINTMENTS, OfPatient(patient=MARIA), as_=MARIA)).appointments == []
    with pytest.raises(NotFound):
        await s.ask(APPOINTMENT, OfAppointment(appointment=got.claim), as_=MARIA)
    others = await find(s, "aisha-khan", clinician=BEN, earliest=booked.start)
    assert booked.start not in [offer.start for offer in others.offers]


async def test_an_offer_made_before_is_refused_while_it_is_theirs_with_the_next_best(s: Stack) -> None:
    offer = await first(s, clinician=BEN, earliest=s.clock() + 3 * HOUR)
    late = await first(s, "aisha-khan", clinician=BEN, earliest=s.clock() + 3 * HOUR)
    booked = await take(s, offer)
    people = await crowd(s, 1)
    await wait_for(s, token=people[0][1])
    await give_back(s, booked, "maria-lopez")
    await offered(s, people[0][0], token=people[0][1])
    with pytest.raises(SlotTaken) as refused:
        await take(s, late, "aisha-khan")
    assert len(refused.value.members["offers"]) == 12


async def test_a_lapsed_claim_and_an_old_token_are_refused_with_offers_that_can_be_taken(s: Stack) -> None:
    booked = await taken(s)
    people = await crowd(s, 1)
    await wait_for(s)
    await wait_for(s, token=people[0][1])
    await give_back(s, booked)
    old = await offered(s)
    s.clock.advance(QUARTER)
    new = await offered(s, people[0][0], token=people[0][1])
    assert (new.token, old.token) == (2, 1)
    for token in (old.token, new.token, 7):
        with pytest.raises(ClaimLapsed) as refused:
            await s.ask(CLAIM_TIME, ClaimTime(claim=old.claim, token=token), as_=MARIA)
    assert len(refused.value.members["offers"]) == 12
    with pytest.raises(ClaimLapsed):
        await s.ask(CLAIM_TIME, ClaimTime(claim=new.claim, token=old.token), token=people[0][1])
    assert (await take(s, refused.value.members["offers"][0]["offer"])).clinician == BEN
    assert (await claim(s, new, token=people[0][1])).start == booked.start


async def test_nobody_takes_a_time_when_their_quarter_is_over_also_before_it_is_noticed(s: Stack) -> None:
    booked = await taken(s)
    await wait_for(s)
    await give_back(s, booked)
    got = await offered(s)
    s.clock.set(got.lapses_at, still=True)
    with pytest.raises(ClaimLapsed):
        await claim(s, got)


async def test_a_wait_instead_of_an_appointment_moves_it_and_its_time_goes_to_the_next(s: Stack) -> None:
    people = await crowd(s, 1)
    early, late = await taken(s, 3), await taken(s, 30, "maria-lopez")
    state = await wait_for(s, instead_of=late.appointment)
    await wait_for(s, token=people[0][1], earliest=late.start)
    await give_back(s, early)
    done = await claim(s, await offered(s))
    assert (done.appointment, done.start) == (late.appointment, early.start)
    seen = await s.ask(APPOINTMENT, OfAppointment(appointment=late.appointment), as_=MARIA)
    assert (seen.start, seen.reason, seen.status) == (early.start, CANARY, "booked")
    got = await offered(s, people[0][0], token=people[0][1])
    assert got.start == late.start
    await s.quiet()
    [event] = [one.event for one in await s.events(AppointmentRescheduled) if one.event.patient == MARIA][-1:]
    assert (event.appointment, event.start) == (late.appointment, early.start)
    assert [one.appointment for one in await told(s, WaitlistClaimed, state.wait)] == [late.appointment]


async def test_a_licence_that_ended_since_it_was_offered_is_refused(s: Stack) -> None:
    booked = await taken(s)
    await wait_for(s)
    await give_back(s, booked)
    got = await offered(s)
    ended = "UPDATE licence SET ended_at = now() WHERE staff = $1 AND state = 'CA'"
    await s.fetch("directory", ended, BEN)
    try:
        with pytest.raises(LicenceMissing):
            await claim(s, got)
    finally:
        await s.fetch("directory", "UPDATE licence SET ended_at = NULL WHERE staff = $1", BEN)
    assert (await claim(s, got)).start == booked.start


async def test_who_is_busy_then_is_told_and_the_time_stays_theirs_until_it_lapses(s: Stack) -> None:
    booked = await taken(s)
    await wait_for(s)
    await give_back(s, booked)
    got = await offered(s)
    other = await first(s, clinician=AMARA, earliest=got.start, latest=got.start)
    mine = await take(s, other)
    with pytest.raises(PatientBusy) as refused:
        await claim(s, got)
    assert len(refused.value.members["offers"]) == 12
    await give_back(s, mine, "maria-lopez")
    assert (await claim(s, got)).start == booked.start


async def test_a_repeat_is_answered_again_and_a_second_time_is_told_so(s: Stack) -> None:
    booked = await taken(s)
    state = await wait_for(s)
    await give_back(s, booked)
    got = await offered(s)
    answers = await asyncio.gather(*(claim(s, got, key="once") for _ in range(10)))
    assert len(set(answers)) == 1
    with pytest.raises(ClaimedAlready):
        await claim(s, got)
    assert len(await told(s, WaitlistClaimed, state.wait)) == 1


async def test_nobody_takes_what_is_anothers_and_learns_nothing_by_trying(s: Stack) -> None:
    booked = await taken(s)
    await wait_for(s)
    await wait_for(s, "aisha-khan", clinician=AMARA)
    await give_back(s, booked)
    got = await offered(s)
    for who in ("jonas-weber", "aisha-khan"):
        answers = []
        for id_ in (got.claim, uuid4()):
            with pytest.raises(NoSuchClaim) as refused:
                await s.ask(CLAIM_TIME, ClaimTime(claim=id_, token=got.token), as_=who)
            answers.append([refused.value.code, *refused.value.members])
        assert answers[0] == answers[1]
    assert (await claim(s, got)).start == booked.start


async def attempt(s: Stack, op: Any, ask: Any, token: str) -> Any:
    """What it gives, or the next best offers of a clear refusal."""
    try:
        return await s.ask(op, ask, token=token, seconds=60)
    except (SlotTaken, PatientBusy, ClaimLapsed, NoSuchClaim) as refusal:
        return refusal.members["offers"]


async def first_for(s: Stack, token: str) -> Offer:
    ask = FindOffers(reason=CANARY, clinician=BEN, earliest=s.clock() + 6 * HOUR)
    return (await s.ask(FIND_OFFERS, ask, token=token, seconds=60)).offers[0]


async def test_of_two_hundred_who_want_one_freed_time_one_has_it_and_the_others_the_next_best(s: Stack) -> None:
    people = await crowd(s, CROWD)
    half = CROWD // 2
    offer = await first(s, clinician=BEN, earliest=s.clock() + 6 * HOUR)
    asks: list[tuple[Any, Any, str]] = []
    for _, token in people[:half]:
        late = await first_for(s, token)
        assert late.start == offer.start
        asks.append((BOOK, Book(offer=late.offer), token))
    booked = await take(s, offer)
    await asyncio.gather(*(wait_for(s, token=token, earliest=offer.start) for _, token in people[half:]))
    await give_back(s, booked, "maria-lopez")
    who = await holder(s)
    row = (await live(s))[0]
    asks += [(CLAIM_TIME, ClaimTime(claim=row["id"], token=row["token"]), token) for _, token in people[half:]]
    answers = await asyncio.gather(*(attempt(s, *ask) for ask in asks))
    [winner] = [place for place, answer in enumerate(answers) if not isinstance(answer, list)]
    assert people[winner][0] == who
    assert all(len(answer) == 12 for answer in answers if isinstance(answer, list))
    assert await s.fetchval("booking", "SELECT count(*) FROM appointment WHERE status = 'booked'") == 1
