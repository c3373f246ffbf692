"""How often patients came back to work that was owed to them: asked for again, or by a call, a mail, at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx

ADD = "INSERT INTO contact (event, patient, at) VALUES ($1, $2, $3)"

CHASED = """
SELECT h.id,
       h.chased + (SELECT count(*) FROM contact c
                    WHERE c.patient = h.patient AND c.at > h.opened_at
                      AND (h.settled_at IS NULL OR c.at < h.settled_at)) AS times
  FROM handoff h
 WHERE h.id = ANY ($1::uuid[])
"""


async def add(tx: Tx, event: UUID, patient: UUID, at: datetime) -> None:
    """The patient reached out then; counted with whatever was open for them, also when that is learnt later."""
    await tx.execute(ADD, event, patient, at)


async def chased(tx: Tx, handoffs: Sequence[UUID]) -> dict[UUID, int]:
    """How often the patient came back while each was open."""
    return {row["id"]: row["times"] for row in await tx.fetch(CHASED, handoffs)}
