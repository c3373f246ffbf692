"""What pharmacies say: believed only when signed, acted on once, right in any order."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baton_events.pharmacy import FillDelivered, FillShipped, PrescriptionAcknowledged
from services.pharmacy.model import report
from services.pharmacy.model.refusals import MessageUnclear
from services.pharmacy.model.report import Progress
from services.pharmacy.model.states import COUNTER, DOOR, steps
from shared.errors import Forbidden
from shared.requests import pharmacy as ask
from shared.requests.pharmacy import FillStatus
from tests.pharmacy.playing import DELIVERS, NORMAL, OUT_OF_STOCK, accepted, dispense, new_secret, rejected, task
from tests.pharmacy.signing import MARIA, fill, routing_after, signed, told, until_fill

DOOR_STEP = {"destination": {"display": "home"}}


async def test_nothing_is_kept_of_a_message_that_its_pharmacy_did_not_sign_just_now(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        say, own = counter.pharmacies.say, counter.pharmacies.secrets
        for late in (timedelta(minutes=-6), timedelta(minutes=6)):
            assert await say(OUT_OF_STOCK, accepted(rx.routing), at=datetime.now(UTC) + late) == 401
        assert await say(OUT_OF_STOCK, accepted(rx.routing), secret=new_secret()) == 401
        assert await say(OUT_OF_STOCK, accepted(rx.routing), secret=own[NORMAL]) == 401
        assert await say(uuid4(), accepted(rx.routing), secret=own[NORMAL]) == 401
        assert await s.fetchval("pharmacy", "SELECT count(*) FROM heard") == 0
        assert await fill(s, rx.routing) == "sent"


async def test_a_pharmacy_speaks_of_its_own_orders_only(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        assert await counter.pharmacies.say(NORMAL, accepted(rx.routing)) == 404
        assert await counter.pharmacies.say(OUT_OF_STOCK, accepted(uuid4())) == 404
        assert await s.fetchval("pharmacy", "SELECT count(*) FROM heard") == 0


async def test_what_cannot_be_understood_is_refused_and_may_be_corrected_under_the_same_id(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx, say = await signed(s), counter.pharmacies.say
        for unclear in (
            b"{",
            b"[]",
            b'{"resourceType": "Patient"}',
            {**accepted(rx.routing), "status": "entered-in-error"},
            {**accepted(rx.routing), "status": 3},
            {**accepted(rx.routing), "basedOn": []},
            rejected(rx.routing, "NO-IDEA"),
            accepted(rx.routing, end="tomorrow"),
        ):
            assert await say(OUT_OF_STOCK, unclear, webhook_id="one") == 400
        assert await say(OUT_OF_STOCK, accepted(rx.routing), webhook_id="one") == 204
        assert await fill(s, rx.routing) == "acknowledged"


async def test_fields_of_fhir_that_we_do_not_need_are_no_hindrance(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        more = {
            "meta": {"profile": ["https://example.org/task"]},
            "note": [{"text": "thank you"}],
            "executionPeriod": {"start": "2026-01-01"},
            "basedOn": [{"reference": "MedicationRequest/7"}, *accepted(rx.routing)["basedOn"]],
        }
        assert await counter.pharmacies.say(OUT_OF_STOCK, accepted(rx.routing) | more) == 204
        assert await fill(s, rx.routing) == "acknowledged"


async def test_a_message_sent_many_times_at_once_is_acted_on_once(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        answers = await asyncio.gather(
            *(counter.pharmacies.say(OUT_OF_STOCK, rejected(rx.routing, "OOS"), webhook_id="one") for _ in range(10))
        )
        assert set(answers) == {204}
        story = await told(s, rx.prescription)
        assert story.count("problem.raised") == story.count("prescription.rerouted") == 1
        assert await s.fetchval("pharmacy", "SELECT count(*) FROM heard") == 1
        recorded = "SELECT count(*) FROM audit WHERE operation = 'svc.pharmacy.partner'"
        assert await s.fetchval("pharmacy", recorded) == 1


async def test_the_same_news_under_another_id_is_nothing_new(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        for _ in range(3):
            assert await counter.pharmacies.say(OUT_OF_STOCK, accepted(rx.routing)) == 204
        assert (await told(s, rx.prescription)).count("prescription.acknowledged") == 1
        outcomes = await s.fetch("pharmacy", "SELECT outcome FROM heard ORDER BY heard_at")
        assert [row["outcome"] for row in outcomes] == ["taken", "nothing-new", "nothing-new"]


async def test_the_pharmacys_promise_is_kept_where_it_can_be_meant(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        promise = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
        for end, meant in ((promise.isoformat(), promise), ("1999-01-01T00:00:00Z", None), ("", None)):
            rx = await signed(s)
            await counter.pharmacies.say(OUT_OF_STOCK, accepted(rx.routing, end=end))
            await s.quiet()
            event = (await s.events(PrescriptionAcknowledged))[-1].event
            assert event.routing == rx.routing
            if meant is not None:
                assert event.fill_due == meant
            else:
                assert abs(event.fill_due - s.clock() - timedelta(hours=4)) < timedelta(minutes=1)


async def test_in_whatever_order_the_news_come_the_story_is_the_same(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        for order in permutations(range(3)):
            rx = await signed(s)
            news = [
                accepted(rx.routing),
                dispense(rx.routing, "in-progress"),
                dispense(rx.routing, "completed"),
            ]
            for n in order:
                assert await counter.pharmacies.say(OUT_OF_STOCK, news[n]) == 204
            story = await told(s, rx.prescription)
            assert story[2:] == ["prescription.acknowledged", "fill.ready", "fill.picked-up"], order


async def test_news_of_an_old_routing_are_kept_and_change_nothing(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        await counter.pharmacies.say(OUT_OF_STOCK, rejected(rx.routing, "OOS"))
        routing, _ = await routing_after(s, rx.routing)
        for late in (accepted(rx.routing), dispense(rx.routing, "completed"), rejected(rx.routing, "OOS")):
            assert await counter.pharmacies.say(OUT_OF_STOCK, late) == 204
        assert await fill(s, rx.routing) == "moved"
        assert await fill(s, routing) == "sent"
        outcomes = await s.fetch("pharmacy", "SELECT outcome FROM heard ORDER BY heard_at")
        assert [row["outcome"] for row in outcomes] == ["taken", *["old-routing"] * 3]
        assert len(await told(s, rx.prescription)) == 6


async def test_home_delivery_is_told_in_its_stages(practice: Any) -> None:
    async with practice() as (s, _):
        rx = await signed(s, pharmacy=DELIVERS)
        await until_fill(s, rx.routing, "delivered")
        story = await told(s, rx.prescription)
        assert story[2:] == ["prescription.acknowledged", "fill.shipped", "fill.delivered"]
        [shipped] = await s.events(FillShipped)
        assert shipped.event.deliver_due - shipped.time > timedelta(hours=40)


async def test_delivered_before_shipped_implies_shipped(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, pharmacy=DELIVERS)
        await counter.pharmacies.say(DELIVERS, dispense(rx.routing, "completed", **DOOR_STEP))
        await counter.pharmacies.say(DELIVERS, task(rx.routing, "in-progress", business="shipped"))
        story = await told(s, rx.prescription)
        assert story[2:] == ["prescription.acknowledged", "fill.shipped", "fill.delivered"]
        assert len(await s.events(FillDelivered)) == 1


async def test_what_was_not_picked_up_can_be_filled_again(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, refills=0)
        await counter.pharmacies.say(OUT_OF_STOCK, dispense(rx.routing, "in-progress"))
        await counter.pharmacies.say(OUT_OF_STOCK, dispense(rx.routing, "cancelled"))
        assert (await told(s, rx.prescription))[-1] == "fill.returned"
        again = await s.ask(ask.REFILL, ask.Refill(prescription=rx.prescription), as_=MARIA)
        await counter.pharmacies.say(OUT_OF_STOCK, dispense(again.routing, "completed"))
        with pytest.raises(Exception, match="no-refills-left"):
            await s.ask(ask.REFILL, ask.Refill(prescription=rx.prescription), as_=MARIA)


async def test_only_the_gateway_may_pass_a_partners_message_on(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        message = ask.PartnerMessage(
            pharmacy=NORMAL, webhook_id="1", webhook_timestamp="1", webhook_signature="v1,x", body=b"{}"
        )
        with pytest.raises(Forbidden):
            await s.ask(ask.PARTNER, message, as_=MARIA)


STAGES = st.sampled_from([status for status in FillStatus if status not in {FillStatus.MOVED, FillStatus.CANCELLED}])


@given(st.lists(STAGES, max_size=8))
def test_no_stage_is_ever_reached_twice_or_out_of_its_path(news: list[FillStatus]) -> None:
    status, story = FillStatus.SENT, [FillStatus.SENT]
    for stage in news:
        for step in steps(status, stage):
            story.append(step)
            status = step
    paths = {*(path[:n] for path in (COUNTER, DOOR) for n in range(1, 5))}
    paths |= {(*path[:3], FillStatus.RETURNED) for path in (COUNTER, DOOR)}
    assert tuple(story) in paths


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with pytest.raises(MessageUnclear):
        report.read(body)


def test_a_refusal_names_the_field_and_not_its_value() -> None:
    with pytest.raises(MessageUnclear) as unclear:
        report.read(b'{"resourceType": "Task", "status": 7, "basedOn": []}')
    assert unclear.value.members == {"field": "status"}


def test_preparing_implies_that_the_order_was_taken() -> None:
    routing = uuid4()
    body = str(dispense(routing, "preparation")).replace("'", '"').encode()
    assert report.read(body) == Progress(routing, FillStatus.ACKNOWLEDGED)
