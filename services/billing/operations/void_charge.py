"""Give a charge up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.billing.model.refusals import AlreadyVoided, NoSuchCharge
from services.billing.operations.access import FOR_THEM
from services.billing.operations.settle import give_up_charge
from services.billing.store import charges, quotes
from shared import audit, idempotency
from shared.errors import Forbidden
from shared.identity.access import may_open
from shared.requests.billing import ChargeState
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.billing import VoidCharge


async def void_charge(ground: Ground, call: Call, ask: VoidCharge) -> ChargeState:
    """Give the charge up, as support, by its id and without seeing what it is for; it is not charged again.

    Nobody gives up a charge of their own, or of somebody whose proxy they hold. Raises NoSuchCharge, AlreadyVoided.
    """
    async with ground.db.reading() as tx:
        bill = await charges.bill_of_charge(tx, ask.charge)
    if bill is None:
        raise NoSuchCharge
    if await may_open(ground, call, bill.quote.patient) in FOR_THEM:
        raise Forbidden
    done = ChargeState(charge=ask.charge, voided_at=call.now)
    async with ground.db.transaction() as tx:
        found = await charges.bill_of_charge(tx, ask.charge)
        if found is None or found.lock is None:
            raise NoSuchCharge
        await refuse_erased(tx, found.quote.patient)
        await quotes.hear(tx, found.lock.care_case, found.quote.patient)
        charge = await charges.of_quote(tx, found.quote.id)
        if charge is None or charge.id != ask.charge or charge.voided_at is not None:
            raise AlreadyVoided
        await give_up_charge(tx, charge, ask.reason, call.now, call.caller_id)
        await audit.record(tx, call, "write", patient=charge.patient, object=charge.id, range=ask.reason)
        await idempotency.keep(tx, call, done)
    return done
