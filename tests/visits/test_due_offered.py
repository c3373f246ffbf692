"""What is due is offered before it is asked for: with the offers at booking, and with the visit at check-in."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest

from baton_events.codes import RelationshipSource
from baton_events.directory import RelationshipStarted
from services.visits.operations.gaps import look_round
from shared.errors import Refusal
from shared.requests import visits as ask
from shared.requests.booking import FIND_OFFERS, FindOffers, Offers
from shared.requests.common import OfPatient
from shared.requests.paths import SNOOZE, Snooze
from tests.visits.day import BEN, MARIA, SERVICES, planned

if TYPE_CHECKING:
    from tests.support.stack import Open, Stack


async def offered(s: Stack, **wanted: object) -> Offers:
    reason = {} if "instead_of" in wanted else {"reason": "a rash"}
    return await s.ask(FIND_OFFERS, FindOffers(**reason, **wanted), as_="maria-lopez")  # type: ignore[arg-type]


async def gap_of(s: Stack, code: str) -> UUID:
    """The gap that the practice found by itself."""
    treated = RelationshipStarted(
        relationship=uuid4(), patient=MARIA, clinician=BEN, source=RelationshipSource.REGISTRATION
    )
    await s.handled("visits", await s.publish(treated))
    await look_round(s.ground("visits"))
    gap = next(item.gap for item in await everything_due(s) if item.code == code)
    assert gap is not None
    return gap


async def everything_due(s: Stack) -> list[ask.DueItem]:
    return (await s.ask(ask.DUE, OfPatient(patient=MARIA), as_="maria-lopez")).due


async def test_offers_name_what_is_due_to_the_patient_and_not_what_they_put_off(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        due = (await offered(s)).due
        assert due is not None
        assert set(due) == {item.name for item in (await everything_due(s))}
        assert len(due) == 4
        put_off = Snooze(gap=await gap_of(s, "flu-shot"), until=s.clock() + timedelta(days=30))
        await s.ask(SNOOZE, put_off, as_="maria-lopez")
        fewer = (await offered(s)).due
        assert fewer is not None
        assert len(set(due) - set(fewer)) == 1
        day = await planned(s)
        assert (await offered(s, instead_of=day.booked.appointment)).due == fewer
        desk = s.token("fern-dale", teams=[f"front-desk:{day.booked.office}"])
        found = await s.ask(FIND_OFFERS, FindOffers(instead_of=day.booked.appointment), token=desk)
        assert found.offers
        assert found.due is None, "the front desk sees to when and where"


async def test_offers_come_without_what_is_due_when_visits_is_slow_or_away(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        owner = await asyncpg.connect(s.servers.postgres.urls("visits", "visits_owner")[0])
        async with owner.transaction():
            await owner.execute("LOCK TABLE visit_order")
            before = asyncio.get_running_loop().time()
            found = await offered(s)
            assert asyncio.get_running_loop().time() - before < 2
        await owner.close()
        assert found.offers
        assert found.due is None
        await s.stop("visits")
        found = await offered(s)
        assert found.offers
        assert found.due is None


async def test_the_visit_shows_what_is_due_until_it_is_over(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        gap = await gap_of(s, "flu-shot")
        await day.check_in()
        for who in ("maria-lopez", "ben-whitfield"):
            shown = (await day.read(who)).due
            assert shown == await everything_due(s)
            assert gap in {item.gap for item in shown}
        await day.start()
        order = ask.OfOrder(order=await day.order("flu-shot"))
        lab = s.token("luis-ortega", teams=[f"lab:{day.booked.office}"])
        await s.ask(ask.ACCEPT_ORDER, order, token=lab)
        await s.ask(ask.COMPLETE_ORDER, ask.CompleteOrder(order=order.order, lot="FL-2291"), token=lab)
        shown = (await day.read()).due
        assert shown
        assert "flu-shot" not in {item.code for item in shown}
        await day.end()
        assert (await day.read()).due is None
        with pytest.raises(Refusal):
            await day.read("jonas-weber")


async def test_without_directory_the_visit_is_shown_without_what_is_due(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await planned(s)
        await s.stop("directory")
        shown = await day.read("ben-whitfield")
        assert shown.guidance
        assert shown.due is None
