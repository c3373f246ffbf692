"""Lock a price for one case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events import billing as events
from services.billing.model.bill import LockRow
from services.billing.model.refusals import CasePriced, NoSuchQuote, QuoteGivenUp, QuoteLapsed, QuoteTaken
from services.billing.operations.particulars import particulars
from services.billing.operations.sealed import seal_particulars
from services.billing.operations.settle import settle
from services.billing.store import quotes as store
from shared import audit, idempotency
from shared.outbox import announce
from shared.requests.billing import QuoteLocked
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from datetime import datetime

    from services.billing.model.bill import QuoteRow
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.billing import LockQuote


async def lock_quote(ground: Ground, call: Call, ask: LockQuote) -> QuoteLocked:
    """Keep the price for the case; what is locked for it already is the same lock.

    Raises QuoteLapsed, QuoteTaken, QuoteGivenUp, CasePriced.
    """
    async with ground.db.reading() as tx:
        quote = (await store.find(tx, [ask.quote])).get(ask.quote)
    if quote is None or quote.patient != ask.patient:
        raise NoSuchQuote
    named = await particulars(ground, patient=ask.patient, provider=ask.provider, office=ask.office, cause=call.cause)
    keys = await ground.sealing.keys(ask.patient, ask.patient)
    row = LockRow(
        quote=quote.id,
        patient=quote.patient,
        cents=quote.cents,
        care_case=ask.case,
        provider=ask.provider,
        particulars=seal_particulars(keys, quote.id, ask.provider, named),
        locked_at=call.now,
    )
    done = QuoteLocked(quote=quote.id, cents=quote.cents)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        await lock(tx, quote, row, call.now, call.caller_id)
        await audit.record(tx, call, "write", patient=ask.patient, object=quote.id)
        await idempotency.keep(tx, call, done)
    return done


async def lock(tx: Tx, quote: QuoteRow, row: LockRow, now: datetime, by: str) -> None:
    """Lock the price, say so, and settle what was heard of the case before."""
    case = await store.hear(tx, row.care_case, row.patient)
    if case.patient != row.patient:
        raise CasePriced
    if _is_locked(await store.locks(tx, row.quote, row.care_case), row):
        return
    if row.locked_at >= quote.expires_at:
        raise QuoteLapsed
    if not await store.lock(tx, row):
        raise QuoteTaken
    await announce(tx, events.QuoteLocked(quote=row.quote, patient=row.patient), now)
    await settle(tx, case, now, by)


def _is_locked(locks: list[LockRow], wanted: LockRow) -> bool:
    """Whether exactly this is locked already; raises when something else is, or it was given up."""
    for found in locks:
        if found.quote != wanted.quote:
            raise CasePriced
        if (found.care_case, found.provider) != (wanted.care_case, wanted.provider):
            raise QuoteTaken
        if found.voided_at is not None:
            raise QuoteGivenUp
    return bool(locks)
