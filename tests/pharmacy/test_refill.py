"""Refills: in two requests, once, at the pharmacy that filled it last."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from baton_events.codes import RouteReason
from baton_events.pharmacy import PrescriptionRouted
from shared.errors import Conflict, NotFound, Refusal
from shared.requests import pharmacy as ask
from tests.pharmacy.playing import NORMAL, OUT_OF_STOCK, dispense
from tests.pharmacy.signing import AISHA, AMARA, BEN, DOSAGE, JONAS, MARIA, SAMIRA, routing_after, signed, until_fill


async def filled(s: Any, counter: Any, routing: Any, pharmacy: Any = NORMAL) -> None:
    assert await counter.pharmacies.say(pharmacy, dispense(routing, "completed")) == 204
    await until_fill(s, routing, "picked-up")


async def test_a_refill_is_two_requests_and_goes_where_it_was_filled_after_the_move(practice: Any) -> None:
    async with practice() as (s, _):
        rx = await signed(s, refills=2)
        routing, _ = await routing_after(s, rx.routing)
        await until_fill(s, routing, "picked-up")
        [shown] = (await s.ask(ask.REFILLS, ask.AskRefills(), as_=MARIA)).refills
        assert (shown.medication, shown.dosage, shown.refills_left) == ("Naproxen 500 mg tablet", DOSAGE, 2)
        assert (shown.pharmacy, shown.pharmacy_name) == (NORMAL, "Valencia Street Pharmacy")
        assert shown.price_cents == 20 * 8 + 450
        sent = await s.ask(ask.REFILL, ask.Refill(prescription=shown.prescription), as_=MARIA)
        assert sent.pharmacy == NORMAL
        await until_fill(s, sent.routing, "picked-up")
        assert [got.event.reason for got in await s.events(PrescriptionRouted)] == [
            RouteReason.NEW,
            RouteReason.MOVED,
            RouteReason.REFILL,
        ]
        [shown] = (await s.ask(ask.REFILLS, ask.AskRefills(), as_=MARIA)).refills
        assert shown.refills_left == 1


async def test_two_devices_at_once_take_one_refill(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, pharmacy=NORMAL, refills=5)
        await filled(s, counter, rx.routing)
        wish = ask.Refill(prescription=rx.prescription)
        answers = await asyncio.gather(*(s.ask(ask.REFILL, wish, as_=MARIA) for _ in range(8)), return_exceptions=True)
        sent = [answer for answer in answers if isinstance(answer, ask.PrescriptionRoute)]
        refused = [answer for answer in answers if isinstance(answer, Refusal)]
        assert len(sent) == 1
        assert {(refusal.status, refusal.code) for refusal in refused} == {(Conflict.status, "refill-too-soon")}
        assert await s.fetchval("pharmacy", "SELECT refills_left FROM prescription") == 4


async def test_a_repeat_under_the_same_key_is_one_refill(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, pharmacy=NORMAL, refills=5)
        await filled(s, counter, rx.routing)
        wish = ask.Refill(prescription=rx.prescription)
        answers = await asyncio.gather(*(s.ask(ask.REFILL, wish, as_=MARIA, key="one") for _ in range(5)))
        assert len(set(answers)) == 1
        assert await s.fetchval("pharmacy", "SELECT refills_left FROM prescription") == 4


async def test_the_last_refill_completes_the_prescription_and_then_none_is_left(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, pharmacy=NORMAL, refills=1)
        wish = ask.Refill(prescription=rx.prescription)
        with pytest.raises(Refusal, match="refill-too-soon"):
            await s.ask(ask.REFILL, wish, as_=MARIA)
        await filled(s, counter, rx.routing)
        again = await s.ask(ask.REFILL, wish, as_=MARIA)
        assert not (await s.ask(ask.REFILLS, ask.AskRefills(), as_=MARIA)).refills
        await filled(s, counter, again.routing)
        with pytest.raises(Refusal, match="no-refills-left"):
            await s.ask(ask.REFILL, wish, as_=MARIA)
        assert not (await s.ask(ask.REFILLS, ask.AskRefills(), as_=MARIA)).refills
        assert await s.fetchval("pharmacy", "SELECT status FROM prescription") == "completed"


async def test_a_refill_may_go_to_another_pharmacy_which_is_then_the_one(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, pharmacy=NORMAL, refills=2)
        await filled(s, counter, rx.routing)
        other = await s.ask(ask.REFILL, ask.Refill(prescription=rx.prescription, pharmacy=OUT_OF_STOCK), as_=MARIA)
        assert other.pharmacy == OUT_OF_STOCK
        await filled(s, counter, other.routing, OUT_OF_STOCK)
        [shown] = (await s.ask(ask.REFILLS, ask.AskRefills(), as_=MARIA)).refills
        assert (shown.pharmacy, shown.price_cents) == (OUT_OF_STOCK, 20 * 8 + 500)


async def test_a_refill_that_is_out_of_stock_moves_too_also_to_where_an_earlier_fill_was_refused(practice: Any) -> None:
    async with practice() as (s, _):
        rx = await signed(s)
        routing, _ = await routing_after(s, rx.routing)
        await until_fill(s, routing, "picked-up")
        wish = ask.Refill(prescription=rx.prescription, pharmacy=OUT_OF_STOCK)
        again = await s.ask(ask.REFILL, wish, as_=MARIA)
        following, pharmacy = await routing_after(s, again.routing)
        assert pharmacy == NORMAL
        await until_fill(s, following, "picked-up")


async def test_a_proxy_refills_for_the_patient_and_nobody_else_does(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, SAMIRA, by=AMARA, pharmacy=NORMAL)
        await filled(s, counter, rx.routing)
        samira = s.person(SAMIRA)
        [shown] = (await s.ask(ask.REFILLS, ask.AskRefills(patient=samira), as_=AISHA)).refills
        for who in (JONAS, MARIA):
            with pytest.raises(Refusal) as refused:
                await s.ask(ask.REFILLS, ask.AskRefills(patient=samira), as_=who)
            assert refused.value.status == NotFound.status
            with pytest.raises(Refusal, match="no-such-prescription"):
                await s.ask(ask.REFILL, ask.Refill(prescription=rx.prescription), as_=who)
        treating = s.token(AMARA, roles=["clinician", "patient"])
        with pytest.raises(Refusal, match="no-such-prescription"):
            await s.ask(ask.REFILL, ask.Refill(prescription=rx.prescription), token=treating)
        sent = await s.ask(ask.REFILL, ask.Refill(prescription=shown.prescription), as_=AISHA)
        assert sent.pharmacy == NORMAL


async def test_a_cancelled_prescription_is_not_refilled(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, pharmacy=NORMAL)
        await filled(s, counter, rx.routing)
        await s.ask(ask.CANCEL, ask.OfPrescription(prescription=rx.prescription), as_=BEN)
        with pytest.raises(Refusal, match="prescription-ended"):
            await s.ask(ask.REFILL, ask.Refill(prescription=rx.prescription), as_=MARIA)
        assert not (await s.ask(ask.REFILLS, ask.AskRefills(), as_=MARIA)).refills
