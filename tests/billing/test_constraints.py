"""What PostgreSQL itself refuses the runtime role, whatever the service's code would do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from tests.billing.prices import CENTS, MARIA, charged, locked, make, price
from tests.support.stack import stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHARGE = """
INSERT INTO charge (id, quote, patient, locked_cents, cents, provider, particulars, served_at, recorded_at)
VALUES ($1, $2, $3, $4, $5, $1, '', now(), now())
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def s() -> AsyncIterator[Stack]:
    async with stack("directory", "billing") as made:
        yield made


async def charge(s: Stack, quote: UUID, locked_cents: int, cents: int, patient: UUID = MARIA) -> None:
    """Charge by hand, as the service's runtime role."""
    await s.fetch("billing", CHARGE, uuid4(), quote, patient, locked_cents, cents)


async def test_no_charge_above_the_lock(s: Stack) -> None:
    quote, _ = await locked(s)
    with pytest.raises(asyncpg.CheckViolationError, match="charge_within_lock"):
        await charge(s, quote, CENTS, CENTS + 1)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="charge_lock"):
        await charge(s, quote, CENTS + 1, CENTS + 1)
    with pytest.raises(asyncpg.CheckViolationError, match="charge_within_lock"):
        await charge(s, quote, CENTS, -1)
    await charge(s, quote, CENTS, CENTS)


async def test_no_charge_without_a_lock_or_to_somebody_else(s: Stack) -> None:
    new = price()
    await make(s, new)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="charge_lock"):
        await charge(s, new.quote, CENTS, CENTS)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="charge_lock"):
        await charge(s, uuid4(), CENTS, CENTS)
    quote, _ = await locked(s)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="charge_lock"):
        await charge(s, quote, CENTS, CENTS, patient=uuid4())


async def test_one_charge_stands_at_a_time(s: Stack) -> None:
    one = await charged(s)
    quote = await s.fetchval("billing", "SELECT quote FROM charge WHERE id = $1", one)
    with pytest.raises(asyncpg.UniqueViolationError, match="charge_standing"):
        await charge(s, quote, CENTS, 1)


async def test_no_lock_at_another_price_than_the_quote(s: Stack) -> None:
    new = price()
    await make(s, new)
    case = uuid4()
    await s.fetch("billing", "INSERT INTO care_case (id, patient) VALUES ($1, $2)", case, MARIA)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="price_lock_quote"):
        await s.fetch(
            "billing",
            "INSERT INTO price_lock (quote, patient, cents, care_case, provider, particulars, locked_at)"
            " VALUES ($1, $2, $3, $4, $4, '', now())",
            new.quote,
            MARIA,
            CENTS + 1,
            case,
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE quote SET cents = cents + 1",
        "UPDATE quote SET lines = ''",
        "UPDATE quote SET expires_at = expires_at + interval '1 day'",
        "UPDATE quote SET patient = gen_random_uuid()",
        "DELETE FROM quote",
        "TRUNCATE quote CASCADE",
        "UPDATE price_lock SET cents = cents + 1",
        "UPDATE price_lock SET care_case = gen_random_uuid()",
        "DELETE FROM price_lock",
        "UPDATE charge SET cents = cents + 1",
        "UPDATE charge SET locked_cents = locked_cents + 1",
        "UPDATE charge SET served_at = now()",
        "DELETE FROM charge",
        "ALTER TABLE quote DROP CONSTRAINT quote_cents",
        "ALTER TABLE charge DROP CONSTRAINT charge_within_lock",
    ],
)
async def test_nobody_changes_or_removes_what_stands(s: Stack, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await s.fetch("billing", statement)
