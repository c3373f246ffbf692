"""What pharmacy does about others' events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.pharmacy.store.erasures import end_all
from shared.erasing import erasing

if TYPE_CHECKING:
    from datetime import datetime

    from baton_events.directory import ErasureApproved
    from shared.app import Reaction, Received
    from shared.database import Tx


async def erased(tx: Tx, got: Received[ErasureApproved], now: datetime) -> None:
    """Send nothing more for the patient; what a pharmacy has already, it has under its own duties."""
    await end_all(tx, got.event.patient, now)


REACTIONS: tuple[Reaction, ...] = (erasing(erased),)
