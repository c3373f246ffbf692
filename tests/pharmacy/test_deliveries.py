"""Messages on their way to pharmacies: each takes effect once, in order, whatever dies or hangs in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.pharmacy.model.sending import LONGEST_WAIT, back_off
from shared import crash
from shared.crash import CrashPoint
from shared.requests import pharmacy as ask
from tests.pharmacy.playing import NORMAL, OUT_OF_STOCK, SILENT, SLOW, accepted, dispense, rejected
from tests.pharmacy.signing import BEN, MARIA, fill, routing_after, signed, told, until_fill

LEASE = timedelta(seconds=30)
OUTGOING = (CrashPoint.DELIVERY_TAKEN, CrashPoint.DELIVERY_SENT, CrashPoint.DELIVERY_RECORDED)


async def died(s: Any) -> None:
    with pytest.raises(BaseException) as error:  # noqa: PT011 - whatever a service dies of
        await s.services["pharmacy"].wait()
    assert "Crashed" in repr(error.value)


@pytest.mark.parametrize("point", OUTGOING)
async def test_an_order_takes_effect_once_when_the_service_dies_at(point: CrashPoint, practice: Any) -> None:
    async with practice() as (s, pharmacies):
        crash.arm(point)
        rx = await signed(s, pharmacy=NORMAL)
        await died(s)
        reached = point is not CrashPoint.DELIVERY_TAKEN
        assert len(await pharmacies.received(NORMAL)) == reached
        await s.restart("pharmacy")
        s.clock.advance(LEASE)
        await until_fill(s, rx.routing, "picked-up")
        await s.until(lambda: s.fetchval("pharmacy", "SELECT outcome = 'sent' FROM delivery"))
        [order] = await pharmacies.received(NORMAL)
        assert 1 <= order["times"] <= 1 + reached  # the pharmacy's own word may settle it before it is sent again
        story = await told(s, rx.prescription)
        assert story[2:] == ["prescription.acknowledged", "fill.ready", "fill.picked-up"]


@pytest.mark.parametrize("point", [CrashPoint.PARTNER_HEARD, CrashPoint.PARTNER_COMMITTED])
async def test_a_pharmacys_message_takes_effect_once_when_the_service_dies_at(point: CrashPoint, by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        await s.until(lambda: counter.came(1))
        crash.arm(point)
        message = rejected(rx.routing, "OOS")
        assert await counter.pharmacies.say(OUT_OF_STOCK, message, webhook_id="one") == 503
        happened = point is CrashPoint.PARTNER_COMMITTED
        for table in (
            "heard",
            "problem",
            "routing WHERE reason = 'moved'",
            "delivery WHERE message = 'order' OFFSET 1",
        ):
            rows = await s.fetch("pharmacy", f"SELECT 1 FROM {table}")  # noqa: S608 - our own tables
            assert len(rows) == happened, table
        await s.restart("pharmacy")

        async def taken() -> bool:
            """A 503 asks the pharmacy to send again, and it does."""
            said = await counter.pharmacies.say(OUT_OF_STOCK, message, webhook_id="one")
            assert said in {204, 503}
            return said == 204

        await s.until(taken)
        await routing_after(s, rx.routing)
        story = await told(s, rx.prescription)
        assert story.count("problem.raised") == story.count("prescription.rerouted") == 1


async def test_what_a_pharmacy_does_not_take_is_sent_again_under_the_same_id(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.answers = [500, 404, 302]
        rx = await signed(s)
        for came in range(2, 5):
            s.clock.advance(timedelta(seconds=10))
            await s.until(lambda n=came: counter.came(n))
        assert len({sent.webhook_id for sent in counter.sent}) == 1
        await s.until(lambda: _sent(s, rx.routing))


async def test_messages_about_a_prescription_reach_a_pharmacy_in_their_order(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.answers = [503]
        rx = await signed(s, pharmacy=NORMAL)
        await s.until(lambda: counter.came(1))
        await s.ask(ask.CANCEL, ask.OfPrescription(prescription=rx.prescription), as_=BEN)
        other = await signed(s, pharmacy=NORMAL)
        s.clock.advance(timedelta(minutes=2))
        await s.until(lambda: _events(counter, rx.routing, ["NewRx", "CancelRx"]))
        await s.until(lambda: _events(counter, other.routing, ["NewRx"]))


async def test_a_cancellation_does_not_overtake_an_order_that_is_under_way(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.held = {NORMAL}
        rx = await signed(s, pharmacy=NORMAL)
        await s.until(lambda: counter.came(1))
        await s.ask(ask.CANCEL, ask.OfPrescription(prescription=rx.prescription), as_=BEN)
        other = await signed(s, pharmacy=OUT_OF_STOCK)
        await s.until(lambda: _sent(s, other.routing))
        assert await s.fetchval("pharmacy", "SELECT attempts FROM delivery WHERE message = 'cancel'") == 0
        counter.release.set()
        s.clock.advance(LEASE)
        await s.until(lambda: _events(counter, rx.routing, ["NewRx", "CancelRx"]))


async def test_a_pharmacy_that_hangs_does_not_hold_up_the_others(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.held = {SLOW}
        for _ in range(40):
            await signed(s, pharmacy=SLOW)
        waiting = "SELECT count(*) FROM delivery WHERE pharmacy = $1 AND attempts = 0"
        assert await s.fetchval("pharmacy", waiting, SLOW) > 20
        rx = await signed(s, pharmacy=NORMAL)
        await s.until(lambda: _sent(s, rx.routing))
        counter.release.set()


async def test_a_dead_pharmacy_holds_up_its_own_cancellation_only(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.held = {SILENT}
        rx = await signed(s, pharmacy=SILENT)
        await s.until(lambda: counter.came(1))
        s.clock.advance(timedelta(minutes=5, seconds=1))
        following, _ = await routing_after(s, rx.routing)
        await s.until(lambda: _sent(s, following))
        counter.release.set()


async def test_the_service_sends_what_was_signed_before_it_was_stopped(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.answers = [503] * 2
        rx = await signed(s)
        await s.until(lambda: counter.came(1))
        await s.stop("pharmacy")
        s.clock.advance(timedelta(hours=3))
        counter.sent.clear()
        counter.answers.clear()
        await s.start("pharmacy")
        await s.until(lambda: _sent(s, rx.routing))
        assert counter.sent[0].routing == rx.routing


async def test_two_services_share_the_work_and_send_nothing_twice(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        first = s.services.pop("pharmacy")
        await s.start("pharmacy")
        routings = [(await signed(s, pharmacy=NORMAL)).routing for _ in range(20)]
        for routing in routings:
            await s.until(lambda r=routing: _sent(s, r))
        assert sorted(sent.routing for sent in counter.sent) == sorted(routings)
        await first.stop()


async def test_a_refill_keeps_its_place_behind_the_first_order(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.answers = [503]
        rx = await signed(s, pharmacy=NORMAL)
        await s.until(lambda: counter.came(1))
        await counter.pharmacies.say(NORMAL, accepted(rx.routing))
        await counter.pharmacies.say(NORMAL, dispense(rx.routing, "completed"))
        again = await s.ask(ask.REFILL, ask.Refill(prescription=rx.prescription), as_=MARIA)
        assert await fill(s, again.routing) == "sent"
        s.clock.advance(timedelta(seconds=10))
        await s.until(lambda: counter.came(3))
        assert [sent.routing for sent in counter.sent] == [rx.routing, rx.routing, again.routing]


def test_waits_double_to_a_minute_with_jitter_below() -> None:
    waits = [back_off(n, 0.0).total_seconds() for n in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert back_off(10_000, 1.0) == LONGEST_WAIT / 2


async def _sent(s: Any, routing: Any) -> bool:
    return bool(await s.fetchval("pharmacy", "SELECT outcome = 'sent' FROM delivery WHERE routing = $1", routing))


async def _events(counter: Any, routing: Any, wanted: list[str]) -> bool:
    seen = [sent.event for sent in counter.sent if sent.routing == routing]
    return list(dict.fromkeys(seen)) == wanted
