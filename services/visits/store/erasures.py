"""What erasing a patient does to the rows of visits; what is sealed in them opens no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx

END_VISITS = "UPDATE visit SET status = 'cancelled' WHERE patient = $1 AND status IN ('planned', 'arrived')"

END_ORDERS = """
UPDATE visit_order SET status = 'cancelled', settled_at = $2 WHERE patient = $1 AND status IN ('requested', 'accepted')
"""


async def end_all(tx: Tx, patient: UUID, now: datetime) -> None:
    """Nobody waits for the patient any more, and nothing is to be done for them."""
    await tx.execute(END_VISITS, patient)
    await tx.execute(END_ORDERS, patient, now)
