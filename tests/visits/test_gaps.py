"""What is due is found before anybody asks, offered, settled by what is done, and put off by the patient."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from baton_events.codes import RelationshipSource
from baton_events.directory import RelationshipStarted
from baton_events.visits import GapClosed, GapFound, GapSnoozed
from shared.errors import Refusal
from shared.requests import visits as ask
from shared.requests.common import OfPatient
from shared.requests.paths import SNOOZE, Snooze
from tests.visits.day import BEN, MARIA, SERVICES, planned

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.stack import Open, Stack


async def due(s: Stack) -> dict[str, ask.DueItem]:
    items = (await s.ask(ask.DUE, OfPatient(patient=MARIA), as_="maria-lopez")).due
    return {item.code: item for item in items}


async def treated(s: Stack) -> dict[str, UUID]:
    """Maria is treated by somebody, and what is due for her has been found."""
    event = RelationshipStarted(
        relationship=uuid4(), patient=MARIA, clinician=BEN, source=RelationshipSource.REGISTRATION
    )
    await s.handled("visits", await s.publish(event))

    async def found() -> dict[str, UUID] | None:
        gaps = {code: item.gap for code, item in (await due(s)).items() if item.gap}
        return gaps or None

    return await s.until(found)


async def found_for_maria(s: Stack) -> list[UUID]:
    return [one.event.gap for one in await s.events(GapFound) if one.event.patient == MARIA]


async def refused(s: Stack, gap: UUID, until: datetime, who: str = "maria-lopez") -> str:
    with pytest.raises(Refusal) as refusal:
        await s.ask(SNOOZE, Snooze(gap=gap, until=until), as_=who)
    return refusal.value.code


async def test_what_is_due_is_found_once_and_offered_by_the_care_team(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        gaps = await treated(s)
        assert (
            set(gaps)
            == set(await due(s))
            == {"flu-shot", "tetanus-booster", "blood-pressure-yearly", "hepatitis-c-once"}
        )
        await treated(s)
        await s.quiet()
        events = [one.event for one in await s.events(GapFound) if one.event.patient == MARIA]
        assert sorted(event.gap for event in events) == sorted(gaps.values())
        assert {event.offer_owner for event in events} == {"team:care"}
        assert b"flu" not in b"".join(row["sealed"] for row in await s.fetch("visits", "SELECT sealed FROM gap"))
        s.clock.advance(timedelta(days=8))
        await s.quiet()
        assert len(await found_for_maria(s)) == len(gaps)


async def test_what_was_done_in_a_visit_is_due_no_more_until_its_time_comes_again(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        gaps = await treated(s)
        day = await (await planned(s)).under_way()
        order = await day.order("flu-shot")
        await s.ask(ask.ACCEPT_ORDER, ask.OfOrder(order=order), as_="luis-ortega")
        await s.ask(ask.COMPLETE_ORDER, ask.CompleteOrder(order=order, lot="L-1"), as_="luis-ortega")
        closed = await s.until(lambda: s.events(GapClosed))
        assert [one.event.gap for one in closed] == [gaps["flu-shot"]]
        assert "flu-shot" not in await due(s)
        s.clock.advance(timedelta(days=370))

        async def again() -> bool:
            return len(await found_for_maria(s)) > len(gaps)

        await s.until(again)
        assert (await due(s))["flu-shot"].gap not in {None, gaps["flu-shot"]}


async def test_the_patient_puts_it_off_and_hears_of_it_again_then(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        gaps = await treated(s)
        gap, until = gaps["flu-shot"], s.clock() + timedelta(days=30)
        await s.ask(SNOOZE, Snooze(gap=gap, until=until), as_="maria-lopez")
        [snoozed] = await s.until(lambda: s.events(GapSnoozed))
        assert snoozed.event == GapSnoozed(gap=gap, patient=MARIA, until=until)
        assert (await due(s))["flu-shot"].snoozed_until == until
        s.clock.set(until - timedelta(minutes=1))
        await s.quiet()
        assert len(await found_for_maria(s)) == len(gaps)
        s.clock.set(until + timedelta(minutes=1))

        async def again() -> bool:
            return len(await found_for_maria(s)) == len(gaps) + 1

        await s.until(again, seconds=10)


async def test_putting_off_is_refused_to_strangers_for_what_is_past_or_far_and_for_what_is_done(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        gap = (await treated(s))["flu-shot"]
        soon = s.clock() + timedelta(days=3)
        assert await refused(s, gap, soon, "jonas-weber") == "not-found"
        assert await refused(s, uuid4(), soon) == "not-found"
        assert await refused(s, gap, s.clock()) == "snoozed-too-long"
        assert await refused(s, gap, s.clock() + timedelta(days=400)) == "snoozed-too-long"
        await s.as_owner("visits", "UPDATE gap SET closed_at = now()")
        assert await refused(s, gap, soon) == "not-due"
