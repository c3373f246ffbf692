"""Messages to pharmacies, in their order, and the ids of the messages heard from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from services.pharmacy.model.states import Outcome
    from shared.database import Tx

ADD = """
INSERT INTO delivery (id, prescription, routing, pharmacy, message, cause, sealed, made_at, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

TAKE = """
WITH due AS (
    SELECT d.id FROM delivery d
     WHERE d.settled_at IS NULL AND d.next_at <= $1 AND d.pharmacy <> ALL($2::uuid[])
       AND NOT EXISTS (SELECT 1 FROM delivery p
                        WHERE p.prescription = d.prescription AND p.pharmacy = d.pharmacy
                          AND p.settled_at IS NULL AND p.position < d.position)
     ORDER BY d.next_at LIMIT $3
       FOR UPDATE OF d SKIP LOCKED
)
UPDATE delivery d SET attempts = d.attempts + 1, next_at = $4
  FROM due, prescription p
 WHERE d.id = due.id AND p.id = d.prescription
RETURNING d.id, d.prescription, d.pharmacy, d.cause, d.sealed, d.made_at, d.attempts, p.patient, p.prescriber
"""

SETTLE = """
UPDATE delivery SET settled_at = $3, outcome = $4 WHERE id = $1 AND attempts = $2 AND settled_at IS NULL
"""

AGAIN = "UPDATE delivery SET next_at = $3 WHERE id = $1 AND attempts = $2 AND settled_at IS NULL"

DROP = """
UPDATE delivery SET settled_at = $2, outcome = 'dropped' WHERE routing = $1 AND settled_at IS NULL
"""

HELD = """
SELECT max(next_at) FILTER (WHERE outcome = 'dropped') AS busy_until, coalesce(bool_or(attempts > 0), false) AS tried
  FROM delivery WHERE routing = $1 AND message = 'order'
"""

HEAR = """
INSERT INTO heard (pharmacy, webhook_id, routing, outcome, heard_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT ON CONSTRAINT heard_pkey DO NOTHING
RETURNING webhook_id
"""

Message = Literal["order", "cancel"]
Fate = Literal["sent", "dropped"]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A message to a pharmacy; `cause` is the event that it follows from."""

    id: UUID
    prescription: UUID
    routing: UUID
    pharmacy: UUID
    message: Message
    cause: UUID
    sealed: bytes


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A message that is this worker's to send, until its time is over; `attempts` counts this one."""

    id: UUID
    prescription: UUID
    pharmacy: UUID
    cause: UUID
    sealed: bytes
    made_at: datetime
    attempts: int
    patient: UUID
    prescriber: UUID


async def add(tx: Tx, delivery: Delivery, now: datetime, next_at: datetime) -> None:
    """Have a message sent from `next_at` on, after every earlier one about the prescription to the same pharmacy."""
    await tx.execute(
        ADD,
        delivery.id,
        delivery.prescription,
        delivery.routing,
        delivery.pharmacy,
        delivery.message,
        delivery.cause,
        delivery.sealed,
        now,
        next_at,
    )


async def take(tx: Tx, now: datetime, until: datetime, busy: Collection[UUID], most: int) -> list[Taken]:
    """The next messages to send, each the oldest of its prescription for its pharmacy; others get them from `until`.

    Pharmacies in `busy` have as much under way as they may.
    """
    return [Taken(**row) for row in await tx.fetch(TAKE, now, list(busy), most, until)]


async def settle(tx: Tx, delivery: UUID, attempts: int, fate: Fate, now: datetime) -> None:
    """Nothing more is sent of it; nothing changes where it was taken again or dropped meanwhile."""
    await tx.execute(SETTLE, delivery, attempts, now, fate)


async def again(tx: Tx, delivery: UUID, attempts: int, next_at: datetime) -> None:
    """The pharmacy did not take it; it is sent again at `next_at`."""
    await tx.execute(AGAIN, delivery, attempts, next_at)


async def drop(tx: Tx, routing: UUID, now: datetime) -> None:
    """What was not sent about the routing is not sent any more."""
    await tx.execute(DROP, routing, now)


async def held(tx: Tx, routing: UUID) -> tuple[bool, datetime | None]:
    """Whether the pharmacy may have the order, and until when a sending of it may still be under way.

    Asked after `drop`, which waits for whoever takes the order at this moment.
    """
    row = await tx.fetchrow(HELD, routing)
    assert row is not None
    return row["tried"], row["busy_until"]


async def hear(tx: Tx, pharmacy: UUID, webhook_id: str, routing: UUID, outcome: Outcome, now: datetime) -> bool:
    """Keep that the message came and what it led to; False when it came before."""
    return await tx.fetchval(HEAR, pharmacy, webhook_id, routing, outcome, now) is not None
