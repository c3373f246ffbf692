"""The inbox's statements: what was handled, what was refused how often, what is set aside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx

SETTLED = """
SELECT EXISTS (SELECT 1 FROM inbox WHERE event = $1) OR EXISTS (SELECT 1 FROM dead_letter WHERE event = $1)
"""

HANDLE = """
INSERT INTO inbox (event, type) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT inbox_pkey DO NOTHING
RETURNING EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = $3) AS erased
"""

REFUSE = """
INSERT INTO refused_event (event, attempts) VALUES ($1, 1)
ON CONFLICT ON CONSTRAINT refused_event_pkey DO UPDATE SET attempts = refused_event.attempts + 1
RETURNING attempts
"""

FORGET_REFUSALS = "DELETE FROM refused_event WHERE event = $1"

SET_ASIDE = """
INSERT INTO dead_letter (id, event, type, subject, stream_sequence, envelope, refusal, attempts, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT ON CONSTRAINT dead_letter_event_key DO NOTHING RETURNING id
"""

COLUMNS = "id, event, type, subject, stream_sequence, envelope, refusal, attempts, recorded_at, replay_asked_at"

LIST_OPEN = f"SELECT {COLUMNS} FROM dead_letter WHERE settled_at IS NULL ORDER BY recorded_at, id"  # noqa: S608 - columns

ASK_REPLAY = "UPDATE dead_letter SET replay_asked_at = $2 WHERE id = $1 AND settled_at IS NULL RETURNING refusal"

REPLAY_ASKED = f"""
SELECT {COLUMNS} FROM dead_letter WHERE settled_at IS NULL AND replay_asked_at IS NOT NULL
 ORDER BY stream_sequence LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - columns

REFUSE_REPLAY = """
UPDATE dead_letter SET replay_asked_at = NULL, refusal = $2, attempts = attempts + 1 WHERE id = $1
"""

SETTLE = """
UPDATE dead_letter SET settled_at = $2, settlement = $3 WHERE id = $1 AND settled_at IS NULL RETURNING event
"""

STATE = "SELECT settled_at, settlement, replay_asked_at, refusal FROM dead_letter WHERE id = $1"

COUNT_OPEN = "SELECT count(*) FROM dead_letter WHERE settled_at IS NULL"


class Handled(Enum):
    """What handling an event comes to: it was done before, it is to be done now, or its patient is erased here."""

    BEFORE = auto()
    NOW = auto()
    FOR_NOBODY = auto()


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """An event that was set aside; `refusal` is the code of what the work said."""

    id: UUID
    event: UUID
    type: str
    subject: str
    stream_sequence: int
    envelope: bytes
    refusal: str
    attempts: int
    recorded_at: datetime
    replay_asked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a dead letter stands: settled how, or whether its replay is still awaited, or what refused it last."""

    settled_at: datetime | None
    settlement: str | None
    replay_asked_at: datetime | None
    refusal: str


async def is_settled(tx: Tx, event: UUID) -> bool:
    """The event was handled or set aside before."""
    return bool(await tx.fetchval(SETTLED, event))


async def handle(tx: Tx, event: UUID, event_type: str, patient: UUID | None) -> Handled:
    """Mark the event as handled in the transaction that handles it, and say whether there is anything to do."""
    erased: bool | None = await tx.fetchval(HANDLE, event, event_type, patient)
    if erased is None:
        return Handled.BEFORE
    return Handled.FOR_NOBODY if erased else Handled.NOW


async def count_refusal(tx: Tx, event: UUID) -> int:
    """One more refusal by the work; gives how many that makes."""
    return int(await tx.fetchval(REFUSE, event))


async def forget_refusals(tx: Tx, event: UUID) -> None:
    """The event is handled or set aside, so its refusals count no more."""
    await tx.execute(FORGET_REFUSALS, event)


async def set_aside(tx: Tx, letter: DeadLetter) -> bool:
    """Keep the event for ops; False when it is kept already."""
    row = await tx.fetchval(
        SET_ASIDE,
        letter.id,
        letter.event,
        letter.type,
        letter.subject,
        letter.stream_sequence,
        letter.envelope,
        letter.refusal,
        letter.attempts,
        letter.recorded_at,
    )
    return row is not None


async def list_open(tx: Tx) -> list[DeadLetter]:
    """What waits for ops, oldest first."""
    return [DeadLetter(**row) for row in await tx.fetch(LIST_OPEN)]


async def ask_replay(tx: Tx, letter: UUID, now: datetime) -> str | None:
    """Have the running service handle it again; gives what refused it, or None when it is settled or unknown."""
    refusal: str | None = await tx.fetchval(ASK_REPLAY, letter, now)
    return refusal


async def replay_asked(tx: Tx) -> DeadLetter | None:
    """The first that ops want handled again, locked."""
    row = await tx.fetchrow(REPLAY_ASKED)
    return None if row is None else DeadLetter(**row)


async def refuse_replay(tx: Tx, letter: UUID, refusal: str) -> None:
    """The work refused it again; it stays with ops."""
    await tx.execute(REFUSE_REPLAY, letter, refusal)


async def settle(tx: Tx, letter: UUID, now: datetime, settlement: str) -> UUID | None:
    """Settle it as `replayed` or `discarded`; gives its event, or None when it is settled or unknown."""
    event: UUID | None = await tx.fetchval(SETTLE, letter, now, settlement)
    return event


async def state(tx: Tx, letter: UUID) -> State | None:
    """Where it stands."""
    row = await tx.fetchrow(STATE, letter)
    return None if row is None else State(**row)


async def count_open(tx: Tx) -> int:
    """How many wait for ops."""
    return int(await tx.fetchval(COUNT_OPEN))
