"""Read a price, and what was charged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.billing.model.refusals import NoSuchQuote
from services.billing.operations.access import require_own
from services.billing.operations.sealed import lines_of
from services.billing.store import charges as store
from shared import audit
from shared.requests.billing import Charge, Charges, Quote
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from datetime import datetime

    from services.billing.model.bill import Bill
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.billing import OfQuote
    from shared.requests.common import OfPatient
    from shared.sealing import GroupKeys


async def quote(ground: Ground, call: Call, ask: OfQuote) -> Quote:
    """The price as it was shown, and where it stands."""
    async with ground.db.reading() as tx:
        found = await store.bill(tx, ask.quote)
    if found is None:
        raise NoSuchQuote
    patient = found.quote.patient
    await require_own(ground, call, patient, NoSuchQuote)
    keys = await ground.sealing.keys(patient, patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        bill = await store.bill(tx, ask.quote)
        assert bill is not None, "a price is never removed"
        await audit.record(tx, call, "read", patient=patient, object=ask.quote)
    return _told(bill, keys, call.now)


async def charges(ground: Ground, call: Call, ask: OfPatient) -> Charges:
    """What was charged to the patient, newest first."""
    await require_own(ground, call, ask.patient)
    keys = await ground.sealing.keys(ask.patient, ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        bills = await store.of_patient(tx, ask.patient)
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(bills)} charges")
    return Charges(charges=[charge_of(bill, keys) for bill in bills])


def _told(bill: Bill, keys: GroupKeys, now: datetime) -> Quote:
    lock = bill.lock
    return Quote(
        quote=bill.quote.id,
        patient=bill.quote.patient,
        status=bill.status(now),
        lines=lines_of(keys, bill.quote),
        cents=bill.quote.cents,
        expires_at=bill.quote.expires_at,
        case=lock.care_case if lock else None,
        provider=lock.provider if lock else None,
        locked_at=lock.locked_at if lock else None,
        void_reason=bill.void_reason,
    )


def charge_of(bill: Bill, keys: GroupKeys) -> Charge:
    """The charge as the patient sees it."""
    assert bill.charge is not None
    assert bill.lock is not None
    return Charge(
        charge=bill.charge.id,
        quote=bill.quote.id,
        patient=bill.quote.patient,
        case=bill.lock.care_case,
        provider=bill.charge.provider,
        lines=lines_of(keys, bill.quote),
        cents=bill.charge.cents,
        served_at=bill.charge.served_at,
        recorded_at=bill.charge.recorded_at,
        voided_at=bill.charge.voided_at,
        void_reason=bill.charge.void_reason,
    )
