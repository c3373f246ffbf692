"""Times that come free, for those who wait."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from services.booking.model.horizon import GRID
from services.booking.model.hours import Stretch
from services.booking.store import waitlist_claims as claims

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx


async def freed(
    tx: Tx,
    clinician: UUID,
    office: UUID,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    freed_by: UUID | None = None,
) -> None:
    """Have the clinician's time at the office offered to those who wait, one after another.

    To be called in every transaction that frees a time: an appointment given back or moved away, a stretch opened, a
    closed one opened again. It need not be wholly free, nor within hours: what is offered of it is looked up. The
    patient by whom it was `freed_by` is not offered it. It leaves one row, and none while nobody waits.
    """
    start = max(start, now)
    if end - start >= GRID:
        stretch = Stretch(start, end)
        await claims.add(
            tx,
            claims.FreedTime(
                id=uuid4(), clinician=clinician, office=office, stretch=stretch, freed_by=freed_by, freed_at=now
            ),
        )
