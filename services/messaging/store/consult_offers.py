"""Providers offered to patients, for as long as the offers can be taken."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from services.messaging.model.consults import OfferRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx

KEPT_FOR = timedelta(days=1)

ADD = """
INSERT INTO consult_offer (id, patient, clinician, author, sealed, reply_minutes, instead_of, made_at, lapses_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

FORGET = "DELETE FROM consult_offer WHERE patient = $1 AND made_at < $2"

FIND = """
SELECT o.id, o.patient, o.clinician, o.author, o.sealed, o.reply_minutes, o.instead_of, o.made_at, o.lapses_at,
       EXISTS (SELECT 1 FROM consult c WHERE c.offer = o.id) AS used,
       EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = o.patient) AS erased
  FROM consult_offer o
 WHERE o.id = $1
"""


async def add(tx: Tx, patient: UUID, offers: Sequence[OfferRow], now: datetime) -> None:
    """Keep the offers made, and forget the patient's of long ago."""
    await tx.execute(FORGET, patient, now - KEPT_FOR)
    rows = [
        (o.id, o.patient, o.clinician, o.author, o.sealed, o.reply_minutes, o.instead_of, o.made_at, o.lapses_at)
        for o in offers
    ]
    await tx.executemany(ADD, rows)


async def find(tx: Tx, offer: UUID) -> OfferRow | None:
    """The offer, and whether it was taken."""
    row = await tx.fetchrow(FIND, offer)
    return OfferRow(**dict(row)) if row else None
