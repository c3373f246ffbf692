"""Prices and their locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import VoidReason
from services.billing.model.bill import CaseRow, LockRow, QuoteRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

FIND = "SELECT id, patient, cents, lines, made_at, expires_at FROM quote WHERE id = ANY($1::uuid[])"

ADD = """
INSERT INTO quote (id, patient, cents, lines, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT ON CONSTRAINT quote_pkey DO NOTHING
RETURNING id
"""

HEAR = """
INSERT INTO care_case (id, patient, served_at, given_up_at, given_up_for) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT care_case_pkey DO UPDATE
   SET served_at = least(care_case.served_at, excluded.served_at),
       given_up_at = coalesce(care_case.given_up_at, excluded.given_up_at),
       given_up_for = coalesce(care_case.given_up_for, excluded.given_up_for)
RETURNING id, patient, served_at, given_up_at, given_up_for
"""

LOCK_OF = """
SELECT quote, patient, cents, care_case, provider, particulars, locked_at, voided_at, void_reason
  FROM price_lock WHERE quote = $1 OR care_case = $2
"""

LOCK = """
INSERT INTO price_lock (quote, patient, cents, care_case, provider, particulars, locked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
RETURNING quote
"""

VOID = "UPDATE price_lock SET voided_at = $2, void_reason = $3 WHERE quote = $1 AND voided_at IS NULL"


async def find(tx: Tx, quotes: Sequence[UUID]) -> dict[UUID, QuoteRow]:
    """Those of the prices that there are, by id."""
    return {row["id"]: QuoteRow(**row) for row in await tx.fetch(FIND, quotes)}


async def add(tx: Tx, quote: QuoteRow) -> bool:
    """Write a price; False when there is one under its id."""
    row = (quote.id, quote.patient, quote.cents, quote.lines, quote.made_at, quote.expires_at)
    return await tx.fetchval(ADD, *row) is not None


async def hear(
    tx: Tx,
    care_case: UUID,
    patient: UUID,
    *,
    served_at: datetime | None = None,
    given_up_at: datetime | None = None,
    given_up_for: VoidReason | None = None,
) -> CaseRow:
    """Note what was heard of the case, and give all that is known of it; locked until the transaction ends.

    What was heard first stands: a case is given up once, for one reason.
    """
    row = await tx.fetchrow(HEAR, care_case, patient, served_at, given_up_at, given_up_for)
    assert row is not None
    return CaseRow(**{**row, "given_up_for": _reason(row["given_up_for"])})


async def locks(tx: Tx, quote: UUID | None, care_case: UUID | None) -> list[LockRow]:
    """The lock of the price and the lock for the case; one where they are the same."""
    return [lock_row(row) for row in await tx.fetch(LOCK_OF, quote, care_case)]


async def lock(tx: Tx, row: LockRow) -> bool:
    """Keep the price for the case; False when the price or the case is taken. The case must be locked."""
    kept = (row.quote, row.patient, row.cents, row.care_case, row.provider, row.particulars, row.locked_at)
    return await tx.fetchval(LOCK, *kept) is not None


async def void(tx: Tx, quote: UUID, now: datetime, reason: VoidReason) -> None:
    """Give the locked price up."""
    await tx.execute(VOID, quote, now, reason)


def lock_row(row: asyncpg.Record) -> LockRow:
    """A lock as it is kept."""
    return LockRow(**{**row, "void_reason": _reason(row["void_reason"])})


def _reason(text: str | None) -> VoidReason | None:
    return VoidReason(text) if text is not None else None
