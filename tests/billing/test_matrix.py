"""Who may do what with a bill: every role and relationship at every operation, denied unless it is listed here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from baton_events.codes import RelationshipSource, VoidReason
from deploy.wires import SERVICES, wires
from shared.errors import Forbidden, NotFound, Refusal
from shared.requests import OPERATIONS
from shared.requests.billing import (
    CHARGES,
    LOCK_QUOTE,
    MAKE_QUOTES,
    QUOTE,
    RECEIPT,
    VOID_CHARGE,
    LockQuote,
    MakeQuotes,
    OfCharge,
    OfQuote,
    VoidCharge,
)
from shared.requests.common import ACCESSES, OfPatient
from shared.requests.directory import MAY_OPEN, REGISTER_RELATIONSHIP, Ground, RegisterRelationship
from tests.billing.prices import AMARA, SAMIRA, charged, price
from tests.support.stack import stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from shared.requests import Ask
    from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEES = {"quote", "charges", "receipt", "accesses"}
PEOPLE = {
    "samira-khan": ("the patient", SEES),
    "aisha-khan": ("her proxy", SEES),
    "jonas-weber": ("a patient whose grant for her has ended", set()),
    "maria-lopez": ("another patient", set()),
    "amara-okafor": ("her own clinician, who treated her and was paid for it", set()),
    "ben-whitfield": ("a clinician who treats her", set()),
    "dana-reyes": ("a clinician on call", set()),
    "chen-liu": ("a clinician who never met her", set()),
    "noor-haddad": ("a nurse", set()),
    "luis-ortega": ("a lab tech", set()),
    "fern-dale": ("of the front desk", set()),
    "priya-nair": ("a pharmacist", set()),
    "omar-said": ("of pharmacy ops", set()),
    "olive-park": ("of ops", set()),
    "petra-voss": ("the privacy officer", {"accesses"}),
    "sam-porter": ("of support", {"void-charge"}),
}
ASKS: dict[str, Callable[[UUID, UUID], Ask]] = {
    "make-quotes": lambda _, __: MakeQuotes(patient=SAMIRA, quotes=[price()]),
    "lock-quote": lambda quote, _: LockQuote(quote=quote, patient=SAMIRA, case=uuid4(), provider=AMARA),
    "quote": lambda quote, _: OfQuote(quote=quote),
    "charges": lambda _, __: OfPatient(patient=SAMIRA),
    "receipt": lambda _, charge: OfCharge(charge=charge),
    "void-charge": lambda _, charge: VoidCharge(charge=charge, reason=VoidReason.ERROR),
    "accesses": lambda _, __: OfPatient(patient=SAMIRA),
}
END_PROXY = f"UPDATE proxy SET ended_at = now() WHERE patient = '{SAMIRA}'"  # noqa: S608 - an id of the sample


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def s() -> AsyncIterator[Stack]:
    async with stack("directory", "billing") as made:
        jonas = made.person("jonas-weber")
        grant = f"INSERT INTO proxy VALUES ('{SAMIRA}', '{jonas}', now() - interval '1 day')"  # noqa: S608 - two ids
        await made.as_owner("directory", grant)
        treats = RegisterRelationship(
            relationship=uuid4(),
            patient=SAMIRA,
            clinician=made.person("ben-whitfield"),
            source=RelationshipSource.BOOKING,
            lapses_at=made.clock() + timedelta(days=1),
        )
        await made.ask(REGISTER_RELATIONSHIP, treats, service="booking")
        yield made


async def bill(s: Stack) -> tuple[UUID, UUID]:
    """A charge of Samira's: its price and itself."""
    charge = await charged(s, SAMIRA)
    return await s.fetchval("billing", "SELECT quote FROM charge WHERE id = $1", charge), charge


async def outcome(s: Stack, name: str, who: str, quote: UUID, charge: UUID) -> type[Refusal] | None:
    """What somebody is told: nothing when it is done, otherwise the kind of refusal.

    What the gateway may not even ask is asked by messaging, on their behalf.
    """
    op = OPERATIONS[f"svc.billing.{name}"]
    try:
        await s.ask(op, ASKS[name](quote, charge), as_=who, service="" if op.roles else "messaging")
    except (Forbidden, NotFound) as refusal:
        return Forbidden if isinstance(refusal, Forbidden) else NotFound
    return None


async def test_who_treats_her_sees_no_bill_with_a_patients_role_either(s: Stack) -> None:
    quote, charge = await bill(s)
    both = s.token("ben-whitfield", roles=["clinician", "patient", "proxy"])
    assert (await s.ask(MAY_OPEN, OfPatient(patient=SAMIRA), token=both, service="visits")).ground is Ground.TREATMENT
    for name in SEES:
        with pytest.raises(NotFound):
            await s.ask(OPERATIONS[f"svc.billing.{name}"], ASKS[name](quote, charge), token=both)


async def test_the_matrix_names_every_operation_and_every_person(s: Stack) -> None:
    assert {f"svc.billing.{name}" for name in ASKS} == {op for op in OPERATIONS if op.startswith("svc.billing.")}
    roles = {role for one in s.servers.surroundings.practice.staff.values() for role in one.roles}
    tested = {who for who in PEOPLE if who not in {"samira-khan", "aisha-khan", "jonas-weber", "maria-lopez"}}
    staff = {one.name.lower().replace(" ", "-"): one for one in s.servers.surroundings.practice.staff.values()}
    assert {role for who in tested for role in staff[who].roles} == roles


async def test_every_cell_of_the_matrix(s: Stack) -> None:
    quote, charge = await bill(s)
    before = await s.fetchval("billing", "SELECT count(*) FROM audit")
    for who, (_, allowed) in PEOPLE.items():
        for name in ASKS:
            done = await outcome(s, name, who, quote, charge)
            assert (done is None) == (name in allowed), f"{who}: {name}: {done}"
    looks = sum(len(allowed) for _, allowed in PEOPLE.values())
    assert await s.fetchval("billing", "SELECT count(*) FROM audit") == before + looks, "what is refused leaves no look"


async def test_what_is_there_and_what_is_not_are_told_alike(s: Stack) -> None:
    quote, charge = await bill(s)
    for who, (_, allowed) in PEOPLE.items():
        for name in {"quote", "receipt", "void-charge"} - allowed:
            hers = await outcome(s, name, who, quote, charge)
            assert hers == await outcome(s, name, who, uuid4(), uuid4()), f"{who}: {name}"


async def test_who_is_of_support_gives_up_no_charge_of_their_own_or_of_their_ward(s: Stack) -> None:
    _, charge = await bill(s)
    for who in ("samira-khan", "aisha-khan"):
        both = s.token(who, roles=["patient", "proxy", "support"], teams=["support"])
        with pytest.raises(Forbidden):
            await s.ask(VOID_CHARGE, VoidCharge(charge=charge, reason=VoidReason.ERROR), token=both)


async def test_who_is_no_longer_her_proxy_is_refused_at_the_next_request(s: Stack) -> None:
    quote, charge = await bill(s)
    for name in SEES:
        assert await outcome(s, name, "aisha-khan", quote, charge) is None
    await s.as_owner("directory", END_PROXY)
    for name in SEES:
        assert await outcome(s, name, "aisha-khan", quote, charge) is NotFound, name


async def test_only_messaging_may_make_and_lock_prices_and_no_service_sees_a_bill() -> None:
    table = wires()
    for op in (MAKE_QUOTES, LOCK_QUOTE, QUOTE, CHARGES, RECEIPT, VOID_CHARGE, ACCESSES["billing"]):
        may = {service for service in SERVICES if op.subject in table[service].publishes}
        assert may == ({"messaging"} if op in {MAKE_QUOTES, LOCK_QUOTE} else {"gateway"}), op.subject
