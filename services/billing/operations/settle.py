"""Settle a case: charge what is locked for it once it has taken place, nothing once it was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from baton_events.billing import ChargeRecorded, ChargeVoided, QuoteVoided
from services.billing.model.bill import CaseRow, ChargeRow, LockRow, Seen
from services.billing.store import charges, quotes
from shared.outbox import announce

if TYPE_CHECKING:
    from datetime import datetime

    from baton_events.codes import VoidReason
    from shared.database import Tx


async def settle(
    tx: Tx, case: CaseRow, now: datetime, by: str, seen: Seen | None = None, price: int | None = None
) -> None:
    """Bring the case's price to where all that was heard of the case puts it, in whichever order it was heard.

    What is locked is charged, or the `price` of which the patient was told since, where that is less. A case that was
    given up is never charged. A charge that was given up is not made again. The case must be locked.
    """
    for lock in await quotes.locks(tx, None, case.id):
        charge = await charges.of_quote(tx, lock.quote)
        if case.given_up_for is not None:
            await _give_up(tx, lock, charge, case.given_up_for, now, by)
        elif case.served_at is not None and charge is None and lock.voided_at is None:
            cents = lock.cents if price is None else min(lock.cents, price)
            await _charge(tx, lock, seen, cents, case.served_at, now)


async def give_up_charge(tx: Tx, charge: ChargeRow, reason: VoidReason, now: datetime, by: str) -> None:
    """The charge no longer stands."""
    await charges.void(tx, charge.id, now, reason, by)
    voided = ChargeVoided(charge=charge.id, quote=charge.quote, patient=charge.patient, reason=reason)
    await announce(tx, voided, now)


async def _charge(tx: Tx, lock: LockRow, seen: Seen | None, cents: int, served_at: datetime, now: datetime) -> None:
    charge = ChargeRow(
        id=uuid4(),
        quote=lock.quote,
        patient=lock.patient,
        cents=cents,
        provider=(seen or lock).provider,
        particulars=(seen or lock).particulars,
        served_at=served_at,
        recorded_at=now,
    )
    await charges.record(tx, charge, lock.cents)
    await announce(tx, ChargeRecorded(charge=charge.id, quote=lock.quote, patient=lock.patient), now)


async def _give_up(tx: Tx, lock: LockRow, charge: ChargeRow | None, reason: VoidReason, now: datetime, by: str) -> None:
    if charge is not None:
        if charge.voided_at is None:
            await give_up_charge(tx, charge, reason, now, by)
    elif lock.voided_at is None:
        await quotes.void(tx, lock.quote, now, reason)
        await announce(tx, QuoteVoided(quote=lock.quote, patient=lock.patient, reason=reason), now)
