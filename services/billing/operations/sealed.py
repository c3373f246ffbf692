"""What billing seals: what is paid for, and the names and places that a receipt shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.billing.model.bill import Particulars
from shared.requests.billing import Line
from shared.sealing import Kind

if TYPE_CHECKING:
    from uuid import UUID

    from services.billing.model.bill import ChargeRow, LockRow, QuoteRow
    from shared.sealing import GroupKeys

LINES = msgspec.json.Decoder(list[Line])
PARTICULARS = msgspec.json.Decoder(Particulars)


def seal_lines(keys: GroupKeys, quote: UUID, lines: list[Line]) -> bytes:
    """The lines of a price, for the records."""
    return keys.seal(msgspec.json.encode(lines), kind=Kind.QUOTE, object=quote, author=keys.patient)


def lines_of(keys: GroupKeys, quote: QuoteRow) -> list[Line]:
    """The lines of a price."""
    return LINES.decode(keys.open(quote.lines, kind=Kind.QUOTE, object=quote.id, author=keys.patient))


def seal_particulars(keys: GroupKeys, quote: UUID, provider: UUID, particulars: Particulars) -> bytes:
    """What the receipt will name, for the records."""
    return keys.seal(msgspec.json.encode(particulars), kind=Kind.PARTICULARS, object=quote, author=provider)


def particulars_of(keys: GroupKeys, of: LockRow | ChargeRow) -> Particulars:
    """What the receipt names."""
    plain = keys.open(of.particulars, kind=Kind.PARTICULARS, object=of.quote, author=of.provider)
    return PARTICULARS.decode(plain)
