"""What stands in the way of a fill: the practice moves the prescription, or a person takes it; never the patient."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from baton_events.codes import ProblemKind, Resolution, RouteReason
from baton_events.pharmacy import PrescriptionRerouted, PrescriptionRouted, ProblemRaised, ProblemResolved
from shared.requests import pharmacy as ask
from tests.pharmacy.playing import DELIVERS, DENVER, NORMAL, OUT_OF_STOCK, SILENT, WRONG, accepted, dispense, rejected
from tests.pharmacy.signing import BEN, JONAS, MARIA, fill, routing_after, signed, told, until_fill

MOVED = ["problem.raised", "prescription.rerouted", "prescription.routed", "problem.resolved"]
FILLED = ["prescription.acknowledged", "fill.ready", "fill.picked-up"]


async def test_out_of_stock_moves_to_the_nearest_other_pharmacy_which_fills_it(practice: Any) -> None:
    async with practice() as (s, pharmacies):
        rx = await signed(s)
        routing, pharmacy = await routing_after(s, rx.routing)
        assert (rx.pharmacy, pharmacy) == (OUT_OF_STOCK, NORMAL)
        await until_fill(s, routing, "picked-up")
        story = await told(s, rx.prescription)
        assert story == ["prescription.signed", "prescription.routed", *MOVED, *FILLED]
        [raised], [rerouted], [resolved] = [
            await s.events(e) for e in (ProblemRaised, PrescriptionRerouted, ProblemResolved)
        ]
        assert raised.event.problem_kind is ProblemKind.OUT_OF_STOCK
        assert raised.event.resolve_owner == "team:pharmacy-technicians"
        assert raised.event.resolve_due - raised.time == timedelta(minutes=15)
        assert (rerouted.event.routing, rerouted.event.next_routing) == (rx.routing, routing)
        assert (resolved.event.problem, resolved.event.resolution) == (raised.event.problem, Resolution.MOVED)
        assert (await s.events(PrescriptionRouted))[1].event.reason is RouteReason.MOVED
        assert [one["message"] for one in await pharmacies.received(OUT_OF_STOCK)] == ["order"]


async def test_beyond_the_limits_the_problem_stays_with_the_technicians_and_the_pharmacy_may_still_fill_it(
    by_hand: Any,
) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, JONAS, by="chen-liu")
        assert rx.pharmacy == DENVER
        assert await counter.pharmacies.say(DENVER, rejected(rx.routing, "OOS")) == 204
        await s.quiet()
        assert await told(s, rx.prescription) == ["prescription.signed", "prescription.routed", "problem.raised"]
        assert await s.fetchval("pharmacy", "SELECT move_at FROM problem") is None
        assert await counter.pharmacies.say(DENVER, dispense(rx.routing, "in-progress")) == 204
        story = await told(s, rx.prescription)
        assert story[3:] == ["prescription.acknowledged", "fill.ready", "problem.resolved"]
        [resolved] = await s.events(ProblemResolved)
        assert resolved.event.resolution is Resolution.FILLED


async def test_a_late_acknowledgement_does_not_settle_what_the_pharmacy_refused(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, JONAS, by="chen-liu")
        await counter.pharmacies.say(DENVER, rejected(rx.routing, "OOS"))
        await counter.pharmacies.say(DENVER, accepted(rx.routing))
        await s.quiet()
        assert not await s.events(ProblemResolved)
        assert await fill(s, rx.routing) == "acknowledged"


async def test_each_pharmacy_is_tried_once_and_one_that_delivers_only_if_the_patient_allows_it(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        preference = ask.PreferPharmacy(pharmacy=OUT_OF_STOCK, farthest_kilometres=3, delivery=True)
        await s.ask(ask.PREFER, preference, as_=MARIA)
        rx = await signed(s)
        tried, routing, pharmacy = [], rx.routing, rx.pharmacy
        for _ in range(2):
            tried.append(pharmacy)
            assert await counter.pharmacies.say(pharmacy, rejected(routing, "CLOSED")) == 204
            routing, pharmacy = await routing_after(s, routing)
        assert [*tried, pharmacy] == [OUT_OF_STOCK, NORMAL, DELIVERS]
        assert await counter.pharmacies.say(DELIVERS, rejected(routing, "ORDER-ERROR")) == 204
        await s.quiet()
        kinds = [got.event.problem_kind for got in await s.events(ProblemRaised)]
        assert kinds == [ProblemKind.CLOSED, ProblemKind.CLOSED, ProblemKind.REFUSED]
        assert len(await s.events(ProblemResolved)) == 2
        assert await s.fetchval("pharmacy", "SELECT count(*) FROM problem WHERE resolved_at IS NULL") == 1


async def test_a_pharmacy_that_had_said_yes_is_told_not_to_fill_it(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        await s.until(lambda: counter.came(1))
        await counter.pharmacies.say(OUT_OF_STOCK, accepted(rx.routing))
        await counter.pharmacies.say(OUT_OF_STOCK, rejected(rx.routing, "OOS"))
        following, _ = await routing_after(s, rx.routing)
        await s.until(lambda: counter.came(3))
        assert {(sent.pharmacy, sent.event, sent.routing) for sent in counter.sent} == {
            (OUT_OF_STOCK, "NewRx", rx.routing),
            (OUT_OF_STOCK, "CancelRx", rx.routing),
            (NORMAL, "NewRx", following),
        }
        cancel = next(sent for sent in counter.sent if sent.event == "CancelRx")
        assert cancel.request["status"] == "cancelled"


async def test_a_silent_pharmacy_is_out_of_reach_after_five_minutes_and_is_told_not_to_fill_it(practice: Any) -> None:
    async with practice() as (s, pharmacies):
        rx = await signed(s, pharmacy=SILENT)
        await s.until(lambda: pharmacies.received(SILENT))
        s.clock.advance(timedelta(minutes=4))
        await s.quiet()
        assert await fill(s, rx.routing) == "sent"
        s.clock.advance(timedelta(minutes=1, seconds=1))
        routing, pharmacy = await routing_after(s, rx.routing)
        assert pharmacy == OUT_OF_STOCK
        [raised, *_] = await s.until(lambda: s.events(ProblemRaised))
        assert raised.event.problem_kind is ProblemKind.UNREACHABLE

        async def told_off() -> bool:
            return [one["message"] for one in await pharmacies.received(SILENT)] == ["order", "cancel"]

        await s.until(told_off)
        routing, pharmacy = await routing_after(s, routing)
        assert pharmacy == NORMAL
        await until_fill(s, routing, "picked-up")


async def test_a_pharmacy_that_cannot_be_reached_gets_nothing_more_once_it_has_moved(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        counter.answers = [503] * 3
        rx = await signed(s, pharmacy=SILENT)
        await s.until(lambda: counter.came(1))
        s.clock.advance(timedelta(minutes=5, seconds=1))
        await routing_after(s, rx.routing)
        s.clock.advance(timedelta(minutes=2))
        query = "SELECT outcome FROM delivery WHERE message = 'order' AND pharmacy = $1"
        assert await s.fetchval("pharmacy", query, SILENT) in {"dropped", "sent"}
        await s.until(lambda: _came_for(counter, SILENT, "CancelRx"))
        orders = [sent for sent in counter.sent if sent.pharmacy == SILENT]
        assert orders[-1].event == "CancelRx"


async def test_an_answer_before_the_deadline_is_enough_even_when_it_is_no(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s, JONAS, by="chen-liu")
        await counter.pharmacies.say(DENVER, rejected(rx.routing, "OOS"))
        s.clock.advance(timedelta(minutes=6))
        await s.quiet()
        assert len(await s.events(ProblemRaised)) == 1


async def test_words_under_a_wrong_signature_are_no_answer(practice: Any) -> None:
    async with practice() as (s, pharmacies):
        rx = await signed(s, pharmacy=WRONG)
        await s.until(lambda: pharmacies.received(WRONG))
        await asyncio.sleep(0.3)
        assert await s.fetchval("pharmacy", "SELECT count(*) FROM heard") == 0
        assert await fill(s, rx.routing) == "sent"
        s.clock.advance(timedelta(minutes=5, seconds=1))
        await routing_after(s, rx.routing)


async def test_a_question_about_the_prescription_goes_to_its_prescriber(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        question = {**accepted(rx.routing), "status": "on-hold"}
        question["statusReason"] = {"coding": [{"system": "urn:baton:pharmacy:reason", "code": "CLARIFY"}]}
        assert await counter.pharmacies.say(OUT_OF_STOCK, question) == 204
        await s.quiet()
        [raised] = await s.events(ProblemRaised)
        assert raised.event.problem_kind is ProblemKind.CLARIFICATION
        assert raised.event.resolve_owner == f"clinician:{s.person(BEN)}"
        assert not await s.events(PrescriptionRerouted)


async def test_without_directory_the_problem_is_raised_now_and_the_move_comes_when_it_is_back(by_hand: Any) -> None:
    async with by_hand() as (s, counter):
        rx = await signed(s)
        await s.stop("directory")
        assert await counter.pharmacies.say(OUT_OF_STOCK, rejected(rx.routing, "OOS")) == 204
        await s.until(lambda: s.events(ProblemRaised))
        assert not await s.events(PrescriptionRerouted)
        await s.start("directory")
        s.clock.advance(timedelta(seconds=30))
        _, pharmacy = await routing_after(s, rx.routing)
        assert pharmacy == NORMAL


async def _came_for(counter: Any, pharmacy: Any, event: str) -> bool:
    return any(sent.pharmacy == pharmacy and sent.event == event for sent in counter.sent)
