"""What becomes of a locked price, in whichever order the events of its case arrive, and however often."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from baton_events.billing import ChargeRecorded, ChargeVoided, QuoteVoided
from baton_events.codes import CancelReason, VoidReason
from baton_events.directory import ErasureApproved
from services.billing.model.refusals import AlreadyVoided, NoSuchCharge, QuoteGivenUp
from shared.errors import Invalid, NotFound
from shared.requests.billing import (
    CHARGES,
    QUOTE,
    RECEIPT,
    VOID_CHARGE,
    ChargeState,
    OfCharge,
    OfQuote,
    QuoteStatus,
    VoidCharge,
)
from shared.requests.common import ACCESSES, OfPatient
from tests.billing.prices import (
    AMARA,
    BEN,
    CANARY,
    CENTS,
    JONAS,
    LINES,
    MARIA,
    cancelled,
    charged,
    declined,
    ended,
    lock,
    locked,
    make,
    plan,
    price,
    withdrawn,
)
from tests.support.deliver import CRASHES, Way
from tests.support.stack import stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from baton_events import Event
    from shared.requests.billing import Quote
    from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def s() -> AsyncIterator[Stack]:
    async with stack("directory", "booking", "billing", ack_wait=5) as made:
        yield made


async def shown(s: Stack, quote: UUID) -> Quote:
    """The price as Maria sees it."""
    return await s.ask(QUOTE, OfQuote(quote=quote), as_="maria-lopez")


async def told(s: Stack, kind: type[Event], quote: UUID) -> list[Event]:
    """What was said of the price."""
    return [got.event for got in await s.events(kind) if getattr(got.event, "quote", None) == quote]


@pytest.mark.parametrize("way", list(Way))
async def test_the_first_plan_charges_the_locked_price_once(s: Stack, way: Way) -> None:
    quote, case = await locked(s)
    await s.deliver("billing", plan(case), plan(case, version=2), way=way)
    assert (await shown(s, quote)).status is QuoteStatus.CHARGED
    (recorded,) = await told(s, ChargeRecorded, quote)
    mine = (await s.ask(CHARGES, OfPatient(patient=MARIA), as_="maria-lopez")).charges
    (charge,) = [one for one in mine if one.quote == quote]
    assert (charge.charge, charge.case, charge.provider) == (recorded.charge, case, AMARA)  # type: ignore[attr-defined]
    assert (charge.cents, charge.lines, charge.voided_at) == (CENTS, LINES, None)


async def test_a_later_version_of_a_plan_charges_nothing(s: Stack) -> None:
    quote, case = await locked(s)
    await s.deliver("billing", plan(case, version=2))
    assert (await shown(s, quote)).status is QuoteStatus.LOCKED


@pytest.mark.parametrize(
    ("way", "served", "given_up"),
    [(way, ended, cancelled) for way in Way if way not in CRASHES] + [(way, plan, withdrawn) for way in CRASHES],
)
async def test_what_is_given_back_is_never_charged(
    s: Stack, way: Way, served: Callable[[UUID], Event], given_up: Callable[[UUID], Event]
) -> None:
    quote, case = await locked(s)
    await s.deliver("billing", served(case), given_up(case), way=way)
    seen = await shown(s, quote)
    assert (seen.status, seen.void_reason) == (QuoteStatus.VOIDED, VoidReason.CANCELLED)
    charges = await s.fetch("billing", "SELECT voided_at FROM charge WHERE quote = $1", quote)
    assert all(row["voided_at"] for row in charges)
    assert len(await told(s, QuoteVoided, quote)) + len(await told(s, ChargeVoided, quote)) == 1


@pytest.mark.parametrize("settled", ["declined", "withdrawn", "mistaken"])
async def test_what_is_not_treated_costs_nothing_and_says_why(s: Stack, settled: str) -> None:
    quote, case = await locked(s)
    events = {
        "declined": (declined(case), VoidReason.ROUTED_ELSEWHERE),
        "withdrawn": (withdrawn(case), VoidReason.CANCELLED),
        "mistaken": (cancelled(case, CancelReason.ERROR), VoidReason.ERROR),
    }
    event, reason = events[settled]
    await s.deliver("billing", event)
    seen = await shown(s, quote)
    assert (seen.status, seen.void_reason) == (QuoteStatus.VOIDED, reason)
    (voided,) = await told(s, QuoteVoided, quote)
    assert voided.reason is reason  # type: ignore[attr-defined]
    with pytest.raises(QuoteGivenUp):
        await lock(s, quote, case)


async def test_what_was_heard_before_the_lock_counts_once_it_is_there(s: Stack) -> None:
    treated, dropped, late, never = uuid4(), uuid4(), price(), price()
    await make(s, late, never)
    await s.deliver("billing", plan(treated), declined(dropped))
    await lock(s, late.quote, treated)
    await lock(s, never.quote, dropped)
    assert (await shown(s, late.quote)).status is QuoteStatus.CHARGED
    assert (await shown(s, never.quote)).status is QuoteStatus.VOIDED
    await s.quiet()
    assert len(await told(s, ChargeRecorded, late.quote)) == 1
    assert not await told(s, ChargeRecorded, never.quote)


async def test_a_lock_and_its_case_at_the_same_moment_meet(s: Stack) -> None:
    pairs = [(price(), uuid4()) for _ in range(10)]
    await make(s, *(new for new, _ in pairs))
    await asyncio.gather(
        *(lock(s, new.quote, case) for new, case in pairs), *(s.publish(plan(case)) for _, case in pairs)
    )
    await s.quiet()
    assert {(await shown(s, new.quote)).status for new, _ in pairs} == {QuoteStatus.CHARGED}


async def test_the_charge_names_who_saw_the_patient(s: Stack) -> None:
    quote, case = await locked(s)
    await s.deliver("billing", ended(case))
    charges = (await s.ask(CHARGES, OfPatient(patient=MARIA), as_="maria-lopez")).charges
    assert [one.provider for one in charges if one.quote == quote] == [BEN]


async def void(s: Stack, charge: UUID, **how: str) -> ChargeState:
    """Give a charge up as support."""
    ask = VoidCharge(charge=charge, reason=VoidReason.ERROR)
    return await s.ask(VOID_CHARGE, ask, as_="sam-porter", **how)  # type: ignore[arg-type]


async def test_support_gives_a_charge_up_for_a_reason_and_it_stays_so(s: Stack) -> None:
    charge = await charged(s)
    done = await void(s, charge, key="once")
    assert await void(s, charge, key="once") == done
    with pytest.raises(AlreadyVoided):
        await void(s, charge)
    with pytest.raises(NoSuchCharge):
        await void(s, uuid4())
    row = (await s.fetch("billing", "SELECT quote, void_reason, voided_by FROM charge WHERE id = $1", charge))[0]
    assert (row["void_reason"], row["voided_by"]) == (VoidReason.ERROR, str(s.person("sam-porter")))
    case = await s.fetchval("billing", "SELECT care_case FROM price_lock WHERE quote = $1", row["quote"])
    await s.deliver("billing", plan(case), ended(case), cancelled(case))
    assert await s.fetchval("billing", "SELECT count(*) FROM charge WHERE quote = $1", row["quote"]) == 1
    (voided,) = await told(s, ChargeVoided, row["quote"])
    assert (voided.charge, voided.reason) == (charge, VoidReason.ERROR)  # type: ignore[attr-defined]
    looked = await s.ask(ACCESSES["billing"], OfPatient(patient=MARIA), as_="maria-lopez")
    assert any(one.actor == str(s.person("sam-porter")) for one in looked.accesses)


async def test_of_many_who_give_a_charge_up_one_does(s: Stack) -> None:
    charge = await charged(s)
    done = await asyncio.gather(*(void(s, charge) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(one, ChargeState) for one in done) == 1
    assert {type(one) for one in done} == {ChargeState, AlreadyVoided}


async def test_a_reason_of_ones_own_is_refused(s: Stack) -> None:
    ask = msgspec.structs.replace(VoidCharge(charge=uuid4(), reason=VoidReason.ERROR), reason="because")  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        await s.ask(VOID_CHARGE, ask, as_="sam-porter")


async def test_what_is_paid_for_rests_sealed(s: Stack) -> None:
    await charged(s)
    tables = await s.fetch("billing", "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200")
    names = [row["relname"] for row in tables]
    assert {"quote", "price_lock", "charge", "outbox", "audit", "idempotency"} <= set(names)
    for name in names:
        for row in await s.fetch("billing", f'SELECT t::text AS whole FROM "{name}" t'):  # noqa: S608 - of the catalogue
            assert CANARY not in row["whole"]
            assert CANARY.encode().hex() not in row["whole"]
            assert "Maria" not in row["whole"]
            assert b"Maria".hex() not in row["whole"]


async def test_nothing_more_is_written_or_shown_of_an_erased_patient(s: Stack) -> None:
    quote, case = await locked(s, patient=JONAS)
    charge = await charged(s, patient=JONAS)
    await s.deliver("billing", ErasureApproved(erasure=uuid4(), patient=JONAS), plan(case, patient=JONAS))
    assert await s.fetchval("billing", "SELECT count(*) FROM charge WHERE quote = $1", quote) == 0
    assert await s.fetchval("billing", "SELECT count(*) FROM dead_letter") == 0
    confirmed = "SELECT count(*) FROM outbox WHERE type LIKE 'care.billing.%.erasure.confirmed'"
    assert await s.fetchval("billing", confirmed) == 1
    jonas = "jonas-weber"
    for refused in (
        lambda: s.ask(QUOTE, OfQuote(quote=quote), as_=jonas),
        lambda: s.ask(CHARGES, OfPatient(patient=JONAS), as_=jonas),
        lambda: s.ask(RECEIPT, OfCharge(charge=charge), as_=jonas),
        lambda: void(s, charge),
        lambda: make(s, price(), patient=JONAS),
        lambda: lock(s, quote, case, patient=JONAS),
    ):
        with pytest.raises(NotFound):
            await refused()
