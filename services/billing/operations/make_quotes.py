"""Make prices to be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.billing import QuoteMade
from services.billing.model.bill import QuoteRow, total
from services.billing.model.refusals import QuoteDiffers, QuoteExpired
from services.billing.operations.sealed import lines_of, seal_lines
from services.billing.store import quotes as store
from shared import audit, idempotency
from shared.outbox import announce
from shared.requests.billing import QuotesMade
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.billing import MakeQuotes, NewQuote
    from shared.sealing import GroupKeys


async def make_quotes(ground: Ground, call: Call, ask: MakeQuotes) -> QuotesMade:
    """Write the prices down for good; one that is there already stays, if it is the same (QuoteDiffers)."""
    keys = await ground.sealing.keys(ask.patient, ask.patient)
    done = QuotesMade(quotes=[quote.quote for quote in ask.quotes])
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        for quote in sorted(ask.quotes, key=lambda quote: quote.quote):
            await make(tx, keys, ask.patient, quote, call.now)
        await audit.record(tx, call, "write", patient=ask.patient, range=f"{len(ask.quotes)} quotes")
        await idempotency.keep(tx, call, done)
    return done


async def make(tx: Tx, keys: GroupKeys, patient: UUID, quote: NewQuote, now: datetime) -> QuoteRow:
    """Write one price down and say so, or give the one that is there; raises QuoteDiffers, QuoteExpired."""
    before = (await store.find(tx, [quote.quote])).get(quote.quote)
    if before is None:
        if quote.expires_at <= now:
            raise QuoteExpired(field="expires_at")
        row = _row(keys, patient, quote, now)
        if await store.add(tx, row):
            await announce(tx, QuoteMade(quote=row.id, patient=patient, expires=row.expires_at), now)
            return row
        before = (await store.find(tx, [quote.quote]))[quote.quote]
    if before.patient != patient or before.expires_at != quote.expires_at or lines_of(keys, before) != quote.lines:
        raise QuoteDiffers
    return before


def _row(keys: GroupKeys, patient: UUID, quote: NewQuote, now: datetime) -> QuoteRow:
    return QuoteRow(
        id=quote.quote,
        patient=patient,
        cents=total(quote.lines),
        lines=seal_lines(keys, quote.quote, quote.lines),
        made_at=now,
        expires_at=quote.expires_at,
    )
