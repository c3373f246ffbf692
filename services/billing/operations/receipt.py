"""Give a receipt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services.billing.model.receipt import written
from services.billing.model.refusals import NoSuchCharge
from services.billing.operations.access import require_own
from services.billing.operations.paper import printed
from services.billing.operations.sealed import lines_of, particulars_of
from services.billing.store import charges as store
from shared import audit
from shared.requests.common import Content
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.billing import OfCharge

PDF = "application/pdf"


async def receipt(ground: Ground, call: Call, ask: OfCharge) -> Content:
    """The charge as an itemised receipt, a PDF, marked where it was given up."""
    async with ground.db.reading() as tx:
        found = await store.bill_of_charge(tx, ask.charge)
    if found is None:
        raise NoSuchCharge
    patient = found.quote.patient
    await require_own(ground, call, patient, NoSuchCharge)
    keys = await ground.sealing.keys(patient, patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        bill = await store.bill_of_charge(tx, ask.charge)
        assert bill is not None, "a charge is never removed"
        assert bill.charge is not None
        await audit.record(tx, call, "read", patient=patient, object=ask.charge)
    words = written(bill.charge, lines_of(keys, bill.quote), particulars_of(keys, bill.charge))
    return Content(media_type=PDF, name=f"receipt-{ask.charge}.pdf", body=await asyncio.to_thread(printed, words))
