"""Charges, and prices with what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import VoidReason
from services.billing.model.bill import Bill, ChargeRow, LockRow, QuoteRow

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

MOST = 100

RECORD = """
INSERT INTO charge (id, quote, patient, locked_cents, cents, provider, particulars, served_at, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

OF_QUOTE = """
SELECT id, quote, patient, cents, provider, particulars, served_at, recorded_at, voided_at, void_reason
  FROM charge WHERE quote = $1 ORDER BY recorded_at DESC LIMIT 1
"""

VOID = "UPDATE charge SET voided_at = $2, void_reason = $3, voided_by = $4 WHERE id = $1 AND voided_at IS NULL"

BILLS = """
SELECT q.id, q.patient, q.cents, q.lines, q.made_at, q.expires_at,
       l.care_case, l.provider, l.particulars, l.locked_at, l.voided_at AS lock_voided_at,
       l.void_reason AS lock_void_reason,
       c.id AS charge, c.cents AS charged_cents, c.provider AS seen_by,
       c.particulars AS charge_particulars, c.served_at, c.recorded_at, c.voided_at, c.void_reason
  FROM quote q
  LEFT JOIN price_lock l ON l.quote = q.id
  LEFT JOIN charge c ON c.quote = q.id
"""

BILL = f"{BILLS} WHERE q.id = $1 ORDER BY c.recorded_at DESC LIMIT 1"

BILL_OF_CHARGE = f"{BILLS} WHERE c.id = $1"

OF_PATIENT = f"{BILLS} WHERE c.patient = $1 ORDER BY c.recorded_at DESC, c.id LIMIT $2"


async def record(tx: Tx, charge: ChargeRow, locked_cents: int) -> None:
    """Charge the locked price or less; PostgreSQL refuses more, and a second charge that stands beside the first."""
    await tx.execute(
        RECORD,
        charge.id,
        charge.quote,
        charge.patient,
        locked_cents,
        charge.cents,
        charge.provider,
        charge.particulars,
        charge.served_at,
        charge.recorded_at,
    )


async def of_quote(tx: Tx, quote: UUID) -> ChargeRow | None:
    """The newest charge of the price, whether it stands or not."""
    row = await tx.fetchrow(OF_QUOTE, quote)
    return ChargeRow(**{**row, "void_reason": _reason(row["void_reason"])}) if row else None


async def void(tx: Tx, charge: UUID, now: datetime, reason: VoidReason, by: str) -> None:
    """Give the charge up; `by` is a person's id or a service."""
    await tx.execute(VOID, charge, now, reason, by)


async def bill(tx: Tx, quote: UUID) -> Bill | None:
    """The price with what became of it, if there is one."""
    row = await tx.fetchrow(BILL, quote)
    return _bill(row) if row else None


async def bill_of_charge(tx: Tx, charge: UUID) -> Bill | None:
    """The charge with its price and lock, if there is one."""
    row = await tx.fetchrow(BILL_OF_CHARGE, charge)
    return _bill(row) if row else None


async def of_patient(tx: Tx, patient: UUID) -> list[Bill]:
    """The patient's newest charges."""
    return [_bill(row) for row in await tx.fetch(OF_PATIENT, patient, MOST)]


def _bill(row: asyncpg.Record) -> Bill:
    return Bill(
        quote=QuoteRow(**{name: row[name] for name in ("id", "patient", "cents", "lines", "made_at", "expires_at")}),
        lock=_lock(row) if row["care_case"] else None,
        charge=_charge(row) if row["charge"] else None,
    )


def _lock(row: asyncpg.Record) -> LockRow:
    return LockRow(
        quote=row["id"],
        patient=row["patient"],
        cents=row["cents"],
        care_case=row["care_case"],
        provider=row["provider"],
        particulars=row["particulars"],
        locked_at=row["locked_at"],
        voided_at=row["lock_voided_at"],
        void_reason=_reason(row["lock_void_reason"]),
    )


def _charge(row: asyncpg.Record) -> ChargeRow:
    return ChargeRow(
        id=row["charge"],
        quote=row["id"],
        patient=row["patient"],
        cents=row["charged_cents"],
        provider=row["seen_by"],
        particulars=row["charge_particulars"],
        served_at=row["served_at"],
        recorded_at=row["recorded_at"],
        voided_at=row["voided_at"],
        void_reason=_reason(row["void_reason"]),
    )


def _reason(text: str | None) -> VoidReason | None:
    return VoidReason(text) if text is not None else None
