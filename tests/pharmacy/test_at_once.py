"""Two things about one prescription in the same moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.pharmacy.store import deliveries
from shared.errors import Refusal
from shared.requests import pharmacy as ask
from tests.pharmacy.playing import NORMAL, dispense
from tests.pharmacy.signing import BEN, MARIA, signed, told

if TYPE_CHECKING:
    from tests.support.stack import Stack

NOBODY_SENDS = {"BATON_DELIVERY_SLOTS": "0"}
MESSAGES = "SELECT message, outcome, next_at FROM delivery WHERE routing = $1 ORDER BY position"


async def waits_for_a_lock(s: Stack) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock')"
    return bool(await s.fetchval("pharmacy", query))


async def test_a_pharmacy_that_is_sent_the_order_while_it_is_cancelled_is_told(by_hand: Any) -> None:
    async with by_hand(**NOBODY_SENDS) as (s, _):
        rx = await signed(s)
        until = s.clock() + timedelta(seconds=30)
        async with (await s.db("pharmacy")).transaction() as tx:
            [taken] = await deliveries.take(tx, s.clock(), until, (), 8)
            cancelling = asyncio.create_task(
                s.ask(ask.CANCEL, ask.OfPrescription(prescription=rx.prescription), as_=BEN)
            )
            await s.until(lambda: waits_for_a_lock(s))
        await cancelling
        order, cancel = await s.fetch("pharmacy", MESSAGES, rx.routing)
        assert taken.attempts == 1
        assert (order["message"], order["outcome"]) == ("order", "dropped")
        assert (cancel["message"], cancel["outcome"]) == ("cancel", None)
        assert cancel["next_at"] >= until


async def test_refills_and_cancellations_at_two_services_at_once_are_each_done_once_or_refused(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        beside = s.services["pharmacy"]
        await s.start("pharmacy")
        for _ in range(4):
            rx = await signed(s, pharmacy=NORMAL)
            assert await counter.pharmacies.say(NORMAL, dispense(rx.routing, "completed")) == 204
            wanted = ask.OfPrescription(prescription=rx.prescription)
            refill = ask.Refill(prescription=rx.prescription)
            answers = await asyncio.gather(
                *(s.ask(ask.REFILL, refill, as_=MARIA) for _ in range(3)),
                *(s.ask(ask.CANCEL, wanted, as_=BEN) for _ in range(3)),
                return_exceptions=True,
            )
            refilled = [one.routing for one in answers if isinstance(one, ask.PrescriptionRoute)]
            cancelled = [one for one in answers if isinstance(one, ask.PrescriptionState)]
            refused = {one.code for one in answers if isinstance(one, Refusal)}
            assert len(refilled) <= 1
            assert len(cancelled) == 1
            assert refused <= {"refill-too-soon", "prescription-ended"}
            [(left, generation)] = await s.fetch(
                "pharmacy", "SELECT refills_left, generation FROM prescription WHERE id = $1", rx.prescription
            )
            assert (left, generation) == (1 - len(refilled), 1 + len(refilled))
            happened = await told(s, rx.prescription)
            assert happened.count("prescription.cancelled") == 1
            assert happened.count("prescription.routed") == generation
            assert happened[-1] == "prescription.cancelled"
        await beside.stop()
