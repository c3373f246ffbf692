from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio

from baton_events.billing import QuoteLocked, QuoteMade
from services.billing.model.refusals import (
    CasePriced,
    NoSuchQuote,
    ProviderUnknown,
    QuoteDiffers,
    QuoteExpired,
    QuoteLapsed,
    QuoteTaken,
)
from shared.errors import Forbidden, Invalid, KeyReused
from shared.requests.billing import MAKE_QUOTES, QUOTE, Line, MakeQuotes, OfQuote, QuoteStatus
from tests.billing.prices import AMARA, BEN, CENTS, JONAS, LINES, MARIA, lock, make, price
from tests.support.stack import stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def s() -> AsyncIterator[Stack]:
    async with stack("directory", "billing") as made:
        yield made


async def test_a_price_is_shown_with_its_lines_until_it_lapses(s: Stack) -> None:
    new = price()
    assert (await make(s, new)).quotes == [new.quote]
    shown = await s.ask(QUOTE, OfQuote(quote=new.quote), as_="maria-lopez")
    assert (shown.lines, shown.cents, shown.status) == (LINES, CENTS, QuoteStatus.OPEN)
    s.clock.advance(timedelta(hours=1))
    try:
        assert (await s.ask(QUOTE, OfQuote(quote=new.quote), as_="maria-lopez")).status is QuoteStatus.LAPSED
    finally:
        s.clock.ahead = timedelta()
    await s.quiet()
    assert [got.event.patient for got in await s.events(QuoteMade) if got.event.quote == new.quote] == [MARIA]


async def test_the_same_price_again_is_the_same_and_another_under_its_id_is_refused(s: Stack) -> None:
    new = price()
    await make(s, new, key="first")
    assert (await make(s, new, key="first")) == (await make(s, new))
    with pytest.raises(KeyReused):
        await make(s, price(), key="first")
    dearer = [msgspec.structs.replace(LINES[0], cents=LINES[0].cents + 1), LINES[1]]
    others = [
        (msgspec.structs.replace(new, lines=dearer), MARIA),
        (msgspec.structs.replace(new, lines=[Line(what="Something else", cents=CENTS)]), MARIA),
        (msgspec.structs.replace(new, expires_at=new.expires_at + timedelta(days=1)), MARIA),
        (new, JONAS),
    ]
    for other, patient in others:
        with pytest.raises(QuoteDiffers):
            await make(s, other, patient=patient)
    await s.quiet()
    assert len([got for got in await s.events(QuoteMade) if got.event.quote == new.quote]) == 1


async def test_of_several_prices_all_are_made_or_none(s: Stack) -> None:
    kept, fresh = price(), price()
    await make(s, kept)
    with pytest.raises(QuoteDiffers):
        await make(s, fresh, msgspec.structs.replace(kept, lines=LINES[:1]))
    assert await s.fetchval("billing", "SELECT count(*) FROM quote WHERE id = $1", fresh.quote) == 0
    await asyncio.gather(*(make(s, fresh, price(quote=kept.quote, expires=kept.expires_at)) for _ in range(8)))
    assert await s.fetchval("billing", "SELECT count(*) FROM quote WHERE id = $1", fresh.quote) == 1


async def test_a_price_that_has_lapsed_before_it_is_made_is_refused(s: Stack) -> None:
    with pytest.raises(QuoteExpired):
        await make(s, price(expires=datetime.now(UTC) - timedelta(seconds=1)))


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [Line(what="", cents=1)],
        [Line(what="x" * 301, cents=1)],
        [Line(what="x", cents=-1)],
        [Line(what="x", cents=10_000_001)],
        [Line(what="x", cents=1, code="NOT A CODE")],
        [Line(what="x", cents=1)] * 21,
    ],
)
async def test_lines_of_another_form_are_refused(s: Stack, lines: list[Line]) -> None:
    with pytest.raises(Invalid):
        await make(s, price(lines))


async def test_the_dearest_price_there_can_be_is_kept_as_it_is(s: Stack) -> None:
    new = price([Line(what="ä" * 300, cents=10_000_000)] * 20)
    await make(s, new)
    assert (await s.ask(QUOTE, OfQuote(quote=new.quote), as_="maria-lopez")).cents == 200_000_000


async def test_a_price_is_locked_once_for_one_case_and_one_provider(s: Stack) -> None:
    new, case = price(), uuid4()
    await make(s, new)
    done = await lock(s, new.quote, case)
    assert (done.quote, done.cents) == (new.quote, CENTS)
    assert await lock(s, new.quote, case) == done
    with pytest.raises(QuoteTaken):
        await lock(s, new.quote, uuid4())
    with pytest.raises(QuoteTaken):
        await lock(s, new.quote, case, provider=BEN)
    other = price()
    await make(s, other)
    with pytest.raises(CasePriced):
        await lock(s, other.quote, case)
    shown = await s.ask(QUOTE, OfQuote(quote=new.quote), as_="maria-lopez")
    assert (shown.status, shown.case, shown.provider) == (QuoteStatus.LOCKED, case, AMARA)
    await s.quiet()
    assert len([got for got in await s.events(QuoteLocked) if got.event.quote == new.quote]) == 1


async def test_of_many_who_lock_a_price_at_once_one_case_has_it(s: Stack) -> None:
    new = price()
    await make(s, new)
    won = await asyncio.gather(*(lock(s, new.quote, uuid4()) for _ in range(8)), return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in won) == 1
    assert {type(one) for one in won if isinstance(one, BaseException)} == {QuoteTaken}


async def test_a_lapsed_price_is_not_locked_and_a_locked_one_does_not_lapse(s: Stack) -> None:
    kept, late, case = price(), price(), uuid4()
    await make(s, kept, late)
    await lock(s, kept.quote, case)
    s.clock.advance(timedelta(hours=1))
    try:
        with pytest.raises(QuoteLapsed) as refused:
            await lock(s, late.quote, uuid4())
        assert "Ask for offers again" in refused.value.detail
        assert (await lock(s, kept.quote, case)).cents == CENTS
    finally:
        s.clock.ahead = timedelta()


async def test_what_is_not_there_is_not_locked(s: Stack) -> None:
    new = price()
    await make(s, new)
    with pytest.raises(NoSuchQuote):
        await lock(s, uuid4(), uuid4())
    with pytest.raises(NoSuchQuote):
        await lock(s, new.quote, uuid4(), patient=JONAS)
    with pytest.raises(ProviderUnknown):
        await lock(s, new.quote, uuid4(), provider=uuid4())


async def test_no_person_and_no_other_service_makes_a_price(s: Stack) -> None:
    with pytest.raises(Forbidden):
        await s.ask(MAKE_QUOTES, MakeQuotes(patient=MARIA, quotes=[price()]), as_="maria-lopez", service="messaging")
