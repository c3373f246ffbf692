"""Waiting for a time: kept in order, changed, left, over; refused with what can be done next."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from baton_events.booking import WaitlistJoined, WaitlistLeft
from baton_events.codes import VisitKind
from shared.errors import Forbidden, Invalid, NotFound, Refusal
from shared.requests.common import OfPatient
from shared.requests.waitlist import LEAVE_WAITLIST, WAIT, WAITING, OfWait, Wait
from tests.booking.people import BEN, DENVER, MARIA, SAMIRA, SAN_FRANCISCO
from tests.booking.visits import CANARY, first, take
from tests.booking.waiting import HOUR, change, give_back, leave, s, services, taken, wait_for, waits

if TYPE_CHECKING:
    from tests.support.stack import Stack

__all__ = ["s", "services"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def refused(code: str, doing: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        await doing
    assert refusal.value.code == code
    return refusal.value


async def test_a_patient_waits_and_sees_for_what(s: Stack) -> None:
    state = await wait_for(s, office=SAN_FRANCISCO, after="08:00", days=[1, 2])
    [one] = await waits(s)
    assert (one.wait, one.patient, one.reason, one.visit_type) == (state.wait, MARIA, CANARY, "skin")
    assert (one.clinician, one.office, one.after, one.days) == (BEN, SAN_FRANCISCO, "08:00", [1, 2])
    assert (one.until, one.claim, one.instead_of) == (state.until, None, None)
    await s.quiet()
    assert [told.event.wait for told in await s.events(WaitlistJoined)][-1] == state.wait


async def test_what_they_wait_for_rests_sealed_and_is_told_to_nobody_else(s: Stack) -> None:
    await wait_for(s)
    kept = await s.fetchval("booking", "SELECT wait::text FROM wait")
    assert "canary" not in kept
    assert "skin" not in kept
    for stranger in ("jonas-weber", "aisha-khan"):
        with pytest.raises(NotFound):
            await waits(s, stranger, of=MARIA)
    for staff in ("ben-whitfield", "fern-dale", "sam-porter"):
        with pytest.raises(Forbidden):
            await s.ask(WAITING, OfPatient(patient=MARIA), as_=staff)


async def test_a_proxy_waits_for_the_patient_and_leaves(s: Stack) -> None:
    state = await wait_for(s, "aisha-khan", patient=SAMIRA)
    [one] = await waits(s, "aisha-khan", of=SAMIRA)
    assert one.wait == state.wait
    assert (await leave(s, state.wait, "aisha-khan")).status == "left"
    assert await waits(s, "aisha-khan", of=SAMIRA) == []
    await s.quiet()
    assert [told.event.wait for told in await s.events(WaitlistLeft)][-1] == state.wait


async def test_a_repeat_waits_once_and_leaves_once(s: Stack) -> None:
    ask = Wait(until=s.clock() + HOUR, reason=CANARY)
    states = await asyncio.gather(*(s.ask(WAIT, ask, as_=MARIA, key="once") for _ in range(5)))
    assert len(set(states)) == 1
    assert len(await waits(s)) == 1
    left = await leave(s, states[0].wait, key="gone")
    assert await leave(s, states[0].wait, key="gone") == left
    await refused("wait-over", leave(s, states[0].wait))
    await refused("wait-over", change(s, states[0].wait))


async def test_nobody_waits_for_more_than_ten_things_also_when_asked_at_once(s: Stack) -> None:
    outcomes = await asyncio.gather(*(wait_for(s) for _ in range(14)), return_exceptions=True)
    refusals = [one for one in outcomes if isinstance(one, Refusal)]
    assert [one.code for one in refusals] == ["too-many-waits"] * 4
    assert len(await waits(s)) == 10


async def test_what_is_past_or_empty_or_unknown_is_refused_and_named(s: Stack) -> None:
    past, later = s.clock() - HOUR, s.clock() + HOUR
    for code, field, wanted in (
        ("wait-past", "until", {"until": past}),
        ("wait-past", "latest", {"latest": past}),
        ("wait-too-long", "until", {"until": s.clock() + timedelta(days=91)}),
        ("unknown-choice", "office", {"office": uuid4()}),
        ("unknown-choice", "visit_type", {"visit_type": "nothing"}),
        ("unknown-choice", "latest", {"earliest": later + HOUR, "latest": later}),
        ("reason-missing", "reason", {"reason": " "}),
        ("invalid", "earliest", {"earliest": datetime.min.replace(tzinfo=timezone(14 * HOUR))}),
        ("invalid", "latest", {"latest": datetime.max.replace(tzinfo=timezone(-14 * HOUR))}),
    ):
        assert (await refused(code, wait_for(s, **wanted))).members["field"] == field
    assert await waits(s) == []


async def test_what_sounds_like_an_emergency_may_not_wait(s: Stack) -> None:
    refusal = await refused("sounds-like-an-emergency", wait_for(s, reason="crushing chest pain and my arm is numb"))
    assert refusal.members["emergency"]["call"] == "911"
    assert refusal.members["person"]["path"] == "/v1/people/requests"
    assert await waits(s) == []


async def test_strangers_and_unknown_waits_look_the_same(s: Stack) -> None:
    state = await wait_for(s)
    for who, wait in (("jonas-weber", state.wait), ("aisha-khan", state.wait), ("maria-lopez", uuid4())):
        await refused("no-such-wait", leave(s, wait, who))
        await refused("no-such-wait", change(s, wait, who))
    with pytest.raises(NotFound):
        await wait_for(s, "jonas-weber", patient=MARIA)
    with pytest.raises(Forbidden):
        await s.ask(LEAVE_WAITLIST, OfWait(wait=state.wait), as_="fern-dale")
    with pytest.raises(Invalid):
        await wait_for(s, reason="x" * 4001)


async def test_a_changed_wait_keeps_its_place_and_its_words(s: Stack) -> None:
    state = await wait_for(s, office=SAN_FRANCISCO)
    before = (await waits(s))[0]
    done = await change(s, state.wait, office=DENVER, kind=VisitKind.VIDEO, until=s.clock() + HOUR)
    [after] = await waits(s)
    assert (after.joined_at, after.reason, after.visit_type) == (before.joined_at, before.reason, before.visit_type)
    assert (after.office, after.kind, after.clinician, after.until) == (DENVER, VisitKind.VIDEO, None, done.until)
    await refused("wait-past", change(s, state.wait, until=s.clock() - HOUR))
    await refused("unknown-choice", change(s, state.wait, office=uuid4()))


async def test_changes_at_once_leave_one_of_them_whole(s: Stack) -> None:
    state = await wait_for(s)
    await asyncio.gather(*(change(s, state.wait, days=[day]) for day in range(1, 8)))
    [one] = await waits(s)
    assert len(one.days) == 1


async def test_what_they_waited_for_is_past_and_they_are_told_once(s: Stack) -> None:
    state = await wait_for(s, until=s.clock() + HOUR)
    await change(s, state.wait, until=s.clock() + 2 * HOUR)
    s.clock.advance(1.5 * HOUR)
    await s.quiet()
    assert len(await waits(s)) == 1
    s.clock.advance(HOUR)
    await s.quiet()
    assert await waits(s) == []
    assert [told.event.wait for told in await s.events(WaitlistLeft)].count(state.wait) == 1


async def test_who_waits_instead_of_an_appointment_waits_once_until_it_and_no_longer_than_it(s: Stack) -> None:
    booked = await taken(s, 24, "maria-lopez")
    state = await wait_for(s, instead_of=booked.appointment)
    assert state.until == booked.start
    assert (await waits(s))[0].reason == CANARY
    await refused("waits-already", wait_for(s, instead_of=booked.appointment))
    await refused("no-such-appointment", wait_for(s, "jonas-weber", instead_of=booked.appointment))
    await refused("reason-told", wait_for(s, instead_of=booked.appointment, reason="and a cough"))
    await give_back(s, booked, "maria-lopez")
    assert await waits(s) == []
    await refused("appointment-cancelled", wait_for(s, instead_of=booked.appointment))


async def test_a_time_freed_while_nobody_waits_leaves_nothing_behind(s: Stack) -> None:
    offer = await first(s, clinician=BEN)
    booked = await take(s, offer)
    await give_back(s, booked, "maria-lopez")
    assert await s.fetchval("booking", "SELECT count(*) FROM freed_time") == 0
    assert (await take(s, offer)).start == booked.start
