"""Steps of a visit that is off, and the same step taken by many at once: a clear refusal, and nothing happens twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from baton_events.visits import VisitCheckedIn, VisitEnded, VisitStarted
from shared.errors import Refusal
from shared.requests import visits as ask
from shared.requests.booking import CANCEL
from shared.requests.paths import GIVE_OPINION, TICK, GiveOpinion, Tick
from tests.visits.day import SERVICES, planned

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from tests.support.stack import Open

SECOND = timedelta(seconds=1)


async def outcome(asking: Awaitable[object]) -> str:
    """`done`, or the code of the refusal."""
    try:
        await asking
    except Refusal as refusal:
        return refusal.code
    return "done"


async def at_once(asking: Sequence[Awaitable[object]]) -> Counter[str]:
    return Counter(await asyncio.gather(*map(outcome, asking)))


@pytest.mark.parametrize("waiting", [False, True], ids=["before check-in", "after check-in"])
async def test_a_cancelled_visit_is_neither_started_nor_anything_else(stack: Open, *, waiting: bool) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        if waiting:
            await day.check_in()
            await s.quiet()
        await s.ask(CANCEL, day.appointment, as_="maria-lopez")
        await s.quiet()
        steps = {
            "start": day.start(),
            "order": day.order(),
            "end": day.end(),
            "summarise": day.summarise(),
            "check in": day.check_in(),
            "leave": day.leave(),
            "tick": s.ask(TICK, Tick(visit=day.visit, item=0), as_="maria-lopez"),
            "opinion": s.ask(GIVE_OPINION, GiveOpinion(visit=day.visit, score=5), as_="maria-lopez"),
            "decline": s.ask(ask.DECLINE_FOLLOW_UP, day.of_visit, as_="maria-lopez"),
        }
        said = {name: await outcome(step) for name, step in steps.items()}
        assert said == dict.fromkeys(steps, "appointment-given-back")
        assert await s.events(VisitStarted) == []


async def test_the_same_step_by_many_at_once_is_taken_once(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        assert await at_once([day.check_in() for _ in range(6)]) == {"done": 6}
        assert await at_once([day.start() for _ in range(6)]) == {"done": 1, "already-started": 5}
        assert await at_once([day.end() for _ in range(6)]) == {"done": 1, "already-ended": 5}
        assert await at_once([day.summarise() for _ in range(6)]) == {"done": 1, "already-summarised": 5}
        await s.quiet()
        for kind in (VisitCheckedIn, VisitStarted, VisitEnded):
            assert len(await s.events(kind)) == 1, kind


async def test_check_in_is_open_to_the_second_from_half_an_hour_before_until_the_end(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s, earliest=s.clock() + timedelta(hours=2))
        opens, end = day.booked.start - timedelta(minutes=30), day.booked.end
        for moment, expected in (
            (opens - SECOND, "too-early-to-check-in"),
            (opens, "done"),
            (end, "done"),
            (end + SECOND, "too-late-to-check-in"),
        ):
            s.clock.set(moment, still=True)
            assert await outcome(day.check_in()) == expected, moment
            if expected == "done":
                await day.leave()
        with pytest.raises(Refusal, match="start-before-check-in"):
            await day.start()
