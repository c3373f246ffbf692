"""Cancelling: by those who treat, wherever the prescription stands, told to whoever may have it."""

from __future__ import annotations

from typing import Any

import pytest

from baton_events.pharmacy import PrescriptionCancelled
from shared.errors import Conflict, Forbidden, NotFound, Refusal
from shared.requests import pharmacy as ask
from tests.pharmacy.playing import DENVER, NORMAL, SILENT, SLOW, accepted, dispense, rejected
from tests.pharmacy.signing import AMARA, BEN, CHEN, JONAS, MARIA, fill, signed, told, treats


async def test_the_pharmacy_is_told_after_the_order_and_does_not_fill_it(practice: Any) -> None:
    async with practice() as (s, pharmacies):
        rx = await signed(s, pharmacy=SILENT)
        await s.until(lambda: pharmacies.received(SILENT))
        state = await s.ask(ask.CANCEL, ask.OfPrescription(prescription=rx.prescription), as_=BEN)
        assert state.status is ask.PrescriptionStatus.CANCELLED

        async def told_off() -> bool:
            return [one["message"] for one in await pharmacies.received(SILENT)] == ["order", "cancel"]

        await s.until(told_off)
        [cancelled] = await s.until(lambda: s.events(PrescriptionCancelled))
        assert (cancelled.event.routing, cancelled.event.problem) == (rx.routing, None)
        assert await fill(s, rx.routing) == "cancelled"


async def test_the_simulated_pharmacy_drops_what_it_had_in_mind(practice: Any) -> None:
    async with practice(pace=0.5) as (s, pharmacies):
        rx = await signed(s, pharmacy=NORMAL)
        await s.until(lambda: pharmacies.received(NORMAL))
        await s.ask(ask.CANCEL, ask.OfPrescription(prescription=rx.prescription), as_=BEN)

        async def told_off() -> bool:
            return len(await pharmacies.received(NORMAL)) == 2

        await s.until(told_off)
        assert "fill.picked-up" not in await told(s, rx.prescription)


async def test_an_order_that_was_never_sent_is_not_sent_and_nobody_is_told(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.held = {SLOW}
        for _ in range(16):
            rx = await signed(s, pharmacy=SLOW)
        assert await s.fetchval("pharmacy", "SELECT attempts FROM delivery WHERE routing = $1", rx.routing) == 0
        await s.ask(ask.CANCEL, ask.OfPrescription(prescription=rx.prescription), as_=BEN)
        rows = await s.fetch("pharmacy", "SELECT message, outcome FROM delivery WHERE routing = $1", rx.routing)
        assert [(row["message"], row["outcome"]) for row in rows] == [("order", "dropped")]
        counter.release.set()


async def test_it_carries_the_problem_that_was_open_and_what_comes_later_is_old(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, JONAS, by=CHEN)
        await counter.pharmacies.say(DENVER, rejected(rx.routing, "OOS"))
        problem = await s.fetchval("pharmacy", "SELECT id FROM problem")
        await s.ask(ask.CANCEL, ask.OfPrescription(prescription=rx.prescription), as_=CHEN)
        [cancelled] = await s.until(lambda: s.events(PrescriptionCancelled))
        assert cancelled.event.problem == problem
        assert await counter.pharmacies.say(DENVER, accepted(rx.routing)) == 204
        assert (await told(s, rx.prescription))[-1] == "prescription.cancelled"


async def test_whoever_treats_the_patient_may_cancel_and_nobody_else(by_hand: Any) -> None:
    async with by_hand() as (s, _):
        rx = await signed(s)
        wish = ask.OfPrescription(prescription=rx.prescription)
        with pytest.raises(Refusal, match="no-such-prescription") as stranger:
            await s.ask(ask.CANCEL, wish, as_=CHEN)
        assert stranger.value.status == NotFound.status
        with pytest.raises(Forbidden):
            await s.ask(ask.CANCEL, wish, as_=MARIA)
        await treats(s, AMARA, MARIA)
        await s.ask(ask.CANCEL, wish, as_=AMARA)
        with pytest.raises(Refusal, match="prescription-ended") as twice:
            await s.ask(ask.CANCEL, wish, as_=BEN)
        assert twice.value.status == Conflict.status


async def test_what_is_filled_and_has_no_refills_cannot_be_cancelled(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, pharmacy=NORMAL, refills=0)
        await counter.pharmacies.say(NORMAL, dispense(rx.routing, "completed"))
        with pytest.raises(Refusal, match="nothing-to-cancel"):
            await s.ask(ask.CANCEL, ask.OfPrescription(prescription=rx.prescription), as_=BEN)
