"""An order noticed in the visit, done by the lab team minutes later, and what is due afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from baton_events.visits import OrderAccepted, OrderCancelled, OrderCompleted, OrderDeclined, OrderPlaced
from shared.errors import Refusal
from shared.requests import visits as ask
from shared.requests.common import ACCESSES, OfPatient
from shared.sealing import mark_erased
from tests.visits.day import MARIA, SAN_FRANCISCO, SERVICES, planned

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.support.stack import Open, Stack

LUIS = "luis-ortega"
NOTE = "Left arm, please; the right one is in plaster."
COLLEAGUE = UUID("57aff000-0000-4000-8000-000000000010")


async def refusal(asking: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await asking
    return refused.value


async def accept(s: Stack, order: UUID, who: str = LUIS, **how: str) -> ask.OrderState:
    return await s.ask(ask.ACCEPT_ORDER, ask.OfOrder(order=order), as_=None if how else who, **how)


async def complete(s: Stack, order: UUID, lot: str | None = "FX-2027-11", who: str = LUIS) -> ask.OrderState:
    return await s.ask(ask.COMPLETE_ORDER, ask.CompleteOrder(order=order, lot=lot), as_=who)


async def listed(s: Stack, who: str = LUIS) -> list[ask.Order]:
    return (await s.ask(ask.ORDERS, ask.AskOrders(), as_=who)).orders


async def due(s: Stack, who: str = "ben-whitfield") -> dict[str, ask.DueItem]:
    return {item.code: item for item in (await s.ask(ask.DUE, OfPatient(patient=MARIA), as_=who)).due}


async def test_a_flu_shot_that_is_due_is_ordered_done_and_no_longer_due(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        assert (await due(s))["flu-shot"].last_done is None
        order = await day.order("flu-shot", NOTE)
        [waiting] = await listed(s)
        assert (waiting.order, waiting.code, waiting.note) == (order, "flu-shot", NOTE)
        assert waiting.name == "Influenza vaccine"
        assert waiting.due - waiting.placed_at == timedelta(minutes=15)
        await accept(s, order)
        assert (await complete(s, order)).status is ask.OrderStatus.COMPLETED
        assert await listed(s) == []
        assert "flu-shot" not in await due(s)
        [done] = (await day.read()).orders
        assert (done.status, done.lot) == (ask.OrderStatus.COMPLETED, "FX-2027-11")
        [placed] = await s.until(lambda: s.events(OrderPlaced))
        assert placed.event.order_owner == f"team:lab:{SAN_FRANCISCO}"
        assert placed.event.order_due == waiting.due
        [taken] = await s.until(lambda: s.events(OrderAccepted))
        [completed] = await s.until(lambda: s.events(OrderCompleted))
        assert taken.event.accepted_by == completed.event.completed_by == s.person(LUIS)
        s.clock.advance(timedelta(days=366))
        assert (await due(s, "maria-lopez"))["flu-shot"].last_done is not None


async def test_what_is_due_fits_the_patients_age(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        await planned(s)
        codes = set(await due(s))
        assert "blood-pressure-yearly" in codes
        assert "blood-pressure-younger" not in codes


async def test_an_order_is_taken_by_one_and_done_by_who_took_it(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        order = await day.order()
        assert (await refusal(complete(s, order))).code == "order-not-accepted"
        assert await accept(s, order) == await accept(s, order)
        colleague = s.token(COLLEAGUE, teams=[f"lab:{SAN_FRANCISCO}"])
        assert (await refusal(accept(s, order, token=colleague))).code == "order-taken"
        ask_for = ask.CompleteOrder(order=order, lot="FX-2027-11")
        assert (await refusal(s.ask(ask.COMPLETE_ORDER, ask_for, token=colleague))).code == "order-taken"
        await complete(s, order)
        assert (await refusal(accept(s, order))).code == "order-settled"
        await s.quiet()
        assert len(await s.events(OrderAccepted)) == 1


async def test_what_is_overdue_a_colleague_takes_over_and_it_is_theirs_from_then_on(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        order = await day.order()
        await accept(s, order)
        s.clock.advance(timedelta(minutes=16))
        colleague = s.token(COLLEAGUE, teams=[f"lab:{SAN_FRANCISCO}"])
        await accept(s, order, token=colleague)
        assert (await refusal(complete(s, order))).code == "order-taken"
        ask_for = ask.CompleteOrder(order=order, lot="FX-2027-11")
        assert (await s.ask(ask.COMPLETE_ORDER, ask_for, token=colleague)).status is ask.OrderStatus.COMPLETED
        await s.quiet()
        takers = [one.event.accepted_by for one in await s.events(OrderAccepted)]
        assert takers == [s.person(LUIS), COLLEAGUE]


async def test_a_vaccine_is_not_recorded_without_its_lot(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        order, reading = await day.order("flu-shot"), await day.order("blood-pressure")
        await accept(s, order)
        missing = await refusal(complete(s, order, lot=None))
        assert (missing.code, missing.members["field"]) == ("lot-missing", "lot")
        await accept(s, reading)
        await complete(s, reading, lot=None)


async def test_an_order_that_cannot_be_done_says_why(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        order = await day.order()
        declined = ask.DeclineOrder(order=order, reason="The fridge failed; no vaccine left today.")
        await s.ask(ask.DECLINE_ORDER, declined, as_=LUIS)
        [shown] = (await day.read("ben-whitfield")).orders
        assert (shown.status, shown.outcome) == (ask.OrderStatus.REJECTED, declined.reason)
        assert "flu-shot" in await due(s)
        assert len(await s.until(lambda: s.events(OrderDeclined))) == 1


async def test_an_order_is_taken_back_until_it_is_done(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        order = await day.order()
        await s.ask(ask.CANCEL_ORDER, ask.OfOrder(order=order), as_="ben-whitfield")
        assert (await refusal(accept(s, order))).code == "order-settled"
        again = s.ask(ask.CANCEL_ORDER, ask.OfOrder(order=order), as_="ben-whitfield")
        assert (await refusal(again)).code == "order-settled"
        assert len(await s.until(lambda: s.events(OrderCancelled))) == 1


async def test_open_orders_outlive_the_visit(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        order = await day.order()
        await day.end()
        await accept(s, order)
        await complete(s, order)


async def test_orders_are_for_the_lab_team_of_their_office_only(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        order = await day.order()
        oakland = s.token(COLLEAGUE)
        assert (await s.ask(ask.ORDERS, ask.AskOrders(), token=oakland)).orders == []
        for wanted in (order, uuid4()):
            assert (await refusal(accept(s, wanted, token=oakland))).code == "not-found"
            assert (await refusal(s.ask(ask.CANCEL_ORDER, ask.OfOrder(order=wanted), as_="amara-okafor"))).status == 404
        assert (await refusal(accept(s, order, who="ben-whitfield"))).code == "forbidden"


async def test_only_what_the_practice_offers_can_be_ordered(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        assert (await refusal(day.order("leeches"))).code == "order-unknown"


async def test_a_look_at_the_lab_list_is_on_record_with_every_patient_on_it(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        await day.order()
        await listed(s)
        seen = (await s.ask(ACCESSES["visits"], OfPatient(patient=MARIA), as_="maria-lopez")).accesses
        looks = [(one.actor, one.what) for one in seen if one.action == "read"]
        assert (str(s.person(LUIS)), "svc.visits.orders: 1 open orders") in looks


async def test_words_of_an_order_and_a_summary_stand_nowhere_in_plain(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        await day.order("flu-shot", NOTE)
        await day.end()
        await day.summarise("A rash like a map of Corsica.")
        for table in ("visit", "visit_order", "outbox", "audit", "idempotency"):
            rows = await s.fetch("visits", f"SELECT to_jsonb(t)::text AS all FROM {table} AS t")  # noqa: S608 - fixed names
            stored = " ".join(row["all"] for row in rows)
            for words in ("Corsica", "plaster", "flu-shot", "Influenza"):
                assert words not in stored
                assert words.encode().hex() not in stored


async def test_what_was_sealed_does_not_open_in_another_place(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        await day.order("flu-shot", NOTE)
        await day.order("ecg", NOTE)
        await s.as_owner("visits", "UPDATE visit_order SET details = (SELECT min(details) FROM visit_order)")
        assert (await refusal(listed(s))).status == 500


async def test_after_erasure_nothing_of_the_patient_is_read_and_the_lab_list_goes_on(stack: Open) -> None:
    async with stack(*SERVICES) as s:
        day = await (await planned(s)).under_way()
        await day.order()
        assert len(await listed(s)) == 1
        async with (await s.db("visits")).transaction() as tx:
            await mark_erased(tx, MARIA, s.clock())
        assert await listed(s) == []
        assert (await refusal(day.read())).status == 404
        assert (await refusal(s.ask(ask.VISITS, OfPatient(patient=MARIA), as_="maria-lopez"))).status == 404
        assert (await refusal(due(s))).status == 404
