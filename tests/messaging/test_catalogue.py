"""The catalogue of conditions, their forms, and who is offered for them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from baton_events import Event
from shared.errors import Forbidden, Invalid, NotFound, Refusal, TooLarge
from shared.requests import consults as ask
from shared.requests.common import OfPatient
from shared.requests.consults import Quantity
from tests.messaging.consulting import (
    AISHA,
    AMARA,
    BEN,
    CALM,
    JONAS,
    MARIA,
    SAMIRA,
    UTI,
    WORDS,
    check,
    lives_in,
    offer_of,
    providers,
    take,
)

if TYPE_CHECKING:
    from tests.support.stack import Stack

E = TypeVar("E", bound=Event)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("consults")]


async def test_the_catalogue_says_the_price_where_the_patient_is_and_why_something_is_not_for_them(
    by_message: Stack,
) -> None:
    s = by_message
    maria = await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=MARIA)
    assert len(maria.conditions) >= 20
    assert [one.name for one in maria.conditions] == sorted(one.name for one in maria.conditions)
    uti = next(one for one in maria.conditions if one.condition == UTI)
    assert (uti.message_price_from_cents, uti.visit_price_cents, uti.not_for) == (3500, 4900, [])
    renewals = {one.condition for one in maria.conditions if one.kind == "renewal"}
    assert {"asthma", "hypothyroidism", "birth-control"} <= renewals
    old = await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(SAMIRA)), as_=AISHA)
    uti = next(one for one in old.conditions if one.condition == UTI)
    assert (uti.message_price_from_cents, uti.not_for) == (None, ["too-old"])
    await lives_in(s, "AK")
    away = await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=MARIA)
    assert {tuple(one.not_for) for one in away.conditions} == {("state",)}
    await lives_in(s, "WI")
    unmanned = await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=MARIA)
    assert {tuple(one.not_for) for one in unmanned.conditions} == {("nobody-there",)}
    with pytest.raises(NotFound):
        await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=JONAS)
    with pytest.raises(Forbidden):
        await s.ask(ask.CONDITIONS, OfPatient(patient=s.person(MARIA)), as_=AMARA)
    await lives_in(s, "CA")


async def test_somebody_is_of_age_on_the_morning_of_their_birthday_where_they_live(by_message: Stack) -> None:
    s = by_message
    here = s.clock().astimezone(ZoneInfo("America/Los_Angeles"))
    tomorrow = here.date() + timedelta(days=1)
    born = tomorrow.replace(year=tomorrow.year - 18)
    await s.as_owner(
        "directory",
        f"UPDATE patient SET birth_date = '{born}' WHERE id = '{s.person(MARIA)}'",  # noqa: S608
    )
    assert (await providers(s)).not_for == ["too-young"]
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=1)
    s.clock.set(midnight)
    found = await providers(s)
    assert found.not_for == []
    assert found.offers
    await s.as_owner(
        "directory",
        f"UPDATE patient SET birth_date = '1984-03-12' WHERE id = '{s.person(MARIA)}'",  # noqa: S608
    )


async def test_the_form_asks_on_stops_at_a_red_flag_and_keeps_nothing(by_message: Stack, log: Any) -> None:
    s = by_message
    before = await s.fetchval("messaging", "SELECT count(*) FROM consult")
    first = await check(s, {})
    assert first.outcome == "asking"
    assert "temperature" not in {one.code for one in first.ask}
    assert next(one for one in first.ask if one.code == "days").unit == "days"
    hot = await check(s, {"fever": True, "measured": True, "temperature": Quantity(103, "°F")})
    assert (hot.outcome, hot.offers, hot.ask) == ("red-flag", "person", [])
    assert "needs care" in hot.stopped[0].says or "need care" in hot.stopped[0].says
    faint = await check(s, {"confused": True})
    assert faint.emergency is not None
    assert faint.offers == "emergency"
    done = await check(s, CALM)
    assert (done.outcome, [one.code for one in done.ask]) == ("complete", ["anything-else"])
    words = await check(s, CALM | {"anything-else": "I have crushing chest pain right now"})
    assert words.emergency is not None
    bloody = await check(s, CALM | {"blood": True})
    assert (bloody.outcome, bloody.offers, bloody.visit.visit_type) == ("unsuitable", "visit", "urinary")
    for wrong, code in (
        ({"fever": "yes"}, "answers-wrong"),
        ({"nonsense": True}, "answers-wrong"),
        ({"days": Quantity(2, "weeks")}, "answers-wrong"),
    ):
        with pytest.raises(Refusal, match=code):
            await check(s, wrong)
    with pytest.raises(Refusal, match="unknown-condition"):
        await check(s, {}, condition="gout")
    with pytest.raises(NotFound):
        await check(s, {}, by=JONAS, patient=s.person(MARIA))
    assert await s.fetchval("messaging", "SELECT count(*) FROM consult") == before
    assert WORDS not in log.getvalue()


async def test_ten_thousand_answers_are_refused_quickly(by_message: Stack) -> None:
    s = by_message
    offer = await offer_of(s, BEN)
    many: dict[str, ask.Given] = {f"q{number}": True for number in range(10_000)}
    began = time.perf_counter()
    for answers, refused in (
        (many, TooLarge),
        (dict(list(many.items())[:3_000]), Invalid),
        (dict(list(many.items())[:40]), Invalid),
        ({"medicines": "x" * 70_000}, TooLarge),
    ):
        with pytest.raises(refused):
            await take(s, offer, answers=answers)
        with pytest.raises(refused):
            await check(s, answers)
    assert time.perf_counter() - began < 2.0


async def test_only_those_licensed_where_the_patient_is_are_offered_their_own_first_each_at_a_price(
    by_message: Stack,
) -> None:
    s = by_message
    found = await providers(s)
    who = [(one.name, one.credential, one.price_cents, one.own) for one in found.offers]
    assert who == [
        ("Amara Okafor", "MD", 3900, True),
        ("Dana Reyes", "PA", 3500, False),
        ("Ben Whitfield", "MD", 3900, False),
    ]
    assert all("CA" in one.licensed_in for one in found.offers)
    assert found.visit.price_cents == 4900
    denver = await providers(s, JONAS, "acne")
    assert [one.name for one in denver.offers] == ["Chen Liu", "Dana Reyes", "Amara Okafor"]
    await lives_in(s, "TX")
    assert [one.name for one in (await providers(s)).offers] == ["Dana Reyes"]
    await lives_in(s, "CA")
    proxied = await providers(s, SAMIRA, "acne", by=AISHA)
    assert (proxied.not_for, proxied.offers) == (["too-old"], [])
    assert proxied.visit.visit_type == "skin"
    for wrong, refused in (
        ({"condition": "gout"}, "unknown-condition"),
        ({"condition": None}, "unknown-condition"),
    ):
        with pytest.raises(Refusal, match=refused):
            await providers(s, **wrong)
    with pytest.raises(NotFound):
        await providers(s, MARIA, by=JONAS)
    with pytest.raises(Refusal, match="no-such-consult"):
        await providers(s, instead_of=uuid4())
