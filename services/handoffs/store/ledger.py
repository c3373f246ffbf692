"""Work and its custody: one row for what is owed, one row for every owner it had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton_events.codes import HandoffName
from services.handoffs.model import Held
from services.handoffs.spans import Span
from shared.requests.handoffs import HandoffState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Literal
    from uuid import UUID

    import asyncpg

    from services.handoffs.rounds import Fact
    from shared.database import Tx

LOCK = "SELECT id FROM handoff WHERE id = $1 FOR UPDATE"

LOCK_OPENED_BY = """
SELECT id
  FROM handoff
 WHERE name = $1 AND case_id = $2 AND opened_by = ANY ($3::uuid[])
 ORDER BY opened_at, id
   FOR UPDATE
"""

HELD = """
SELECT h.id, h.name, h.case_id, h.patient, h.opened_by, h.opened_at, h.state, h.settled_by, h.settled_at, h.chased,
       c.number, c.owner, c.started_at, c.due, c.rung, c.accepted_by
  FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, place)
  JOIN handoff h ON h.id = wanted.id
 CROSS JOIN LATERAL (
       SELECT number, owner, started_at, due, rung, accepted_by
         FROM custody
        WHERE handoff = h.id
        ORDER BY started_at DESC, number DESC
        LIMIT 1
       ) c
 ORDER BY wanted.place
"""

FIRST_OWNER = "SELECT owner FROM custody WHERE handoff = $1 AND number = 1"

HOLDERS = "SELECT DISTINCT owner FROM custody WHERE handoff = ANY ($1::uuid[])"

OPEN = """
INSERT INTO handoff
    (id, name, case_id, patient, opened_by, opened_at, opened_sequence, state, settled_by, settled_at, chased)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

HOLDING = """
SELECT number, ended_at, rung
  FROM custody
 WHERE handoff = $1 AND started_at <= $2 AND (ended_at IS NULL OR ended_at > $2)
 ORDER BY number DESC
 LIMIT 1
"""

HAND_OVER = """
INSERT INTO custody (handoff, number, owner, started_at, ended_at, how, rung, due)
SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6, $7 FROM custody WHERE handoff = $1
"""

RELIEVE = "UPDATE custody SET ended_at = $3 WHERE handoff = $1 AND number = $2"

PROLONG = "UPDATE custody SET due = $3, rung = $4 WHERE handoff = $1 AND number = $2"

ACCEPT = (
    "UPDATE custody SET accepted_by = $3, accepted_at = greatest($4, started_at) WHERE handoff = $1 AND number = $2"
)

SETTLE = "UPDATE handoff SET state = $2, settled_by = $3, settled_at = $4 WHERE id = $1"

CHASE_OPEN = """
UPDATE handoff h
   SET chased = h.chased + 1
 WHERE h.name = $1 AND h.case_id = $2 AND h.state = 'open'
   AND h.opened_sequence < $3
RETURNING h.id
"""

CHASE = "UPDATE handoff SET chased = $2 WHERE id = $1"

OPEN_EARLIER = "UPDATE handoff SET opened_by = $2, opened_at = $3, opened_sequence = $4 WHERE id = $1"

CUSTODIES = """
SELECT owner, started_at AS start, ended_at AS end, due, how, rung, event, accepted_by, accepted_at
  FROM custody WHERE handoff = $1 ORDER BY started_at, number
"""

DROP_FROM = "DELETE FROM custody WHERE handoff = $1 AND number >= $2"

PUT = """
INSERT INTO custody (handoff, number, owner, started_at, ended_at, due, how, rung, event, accepted_by, accepted_at)
SELECT $1, n.*
  FROM unnest($2::integer[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::text[],
              $8::integer[], $9::uuid[], $10::uuid[], $11::timestamptz[]) AS n
"""


@dataclass(frozen=True)
class Holding:
    """A custody by its number, and when it ended, if it has."""

    number: int
    ended_at: datetime | None
    rung: int


async def lock(tx: Tx, handoff: UUID) -> Held | None:
    """The entry, locked until the transaction ends, with its latest custody."""
    if await tx.fetchval(LOCK, handoff) is None:
        return None
    [row] = await tx.fetch(HELD, [handoff])
    return held_of(row)


async def lock_opened_by(tx: Tx, name: HandoffName, case: UUID, openings: Sequence[UUID]) -> list[Held]:
    """The case's entries that any of these events opened, locked, earliest first."""
    found = [row["id"] for row in await tx.fetch(LOCK_OPENED_BY, name, case, openings)]
    return [held_of(row) for row in await tx.fetch(HELD, found)]


async def first_owner(tx: Tx, handoff: UUID) -> str:
    """Whom the opening event named."""
    owner: str = await tx.fetchval(FIRST_OWNER, handoff)
    return owner


async def holders(tx: Tx, handoffs: Sequence[UUID]) -> frozenset[str]:
    """Everybody who ever was accountable for these."""
    return frozenset(row["owner"] for row in await tx.fetch(HOLDERS, handoffs))


async def add(
    tx: Tx,
    handoff: UUID,
    name: HandoffName,
    case: UUID,
    opened: Fact,
    *,
    state: HandoffState,
    settled_by: UUID | None,
    settled_at: datetime | None,
    chased: int,
) -> None:
    """Enter work into the ledger; its custody is added beside it before the transaction ends."""
    await tx.execute(
        OPEN,
        handoff,
        name,
        case,
        opened.patient,
        opened.event,
        opened.at,
        opened.sequence,
        state,
        settled_by,
        settled_at,
        chased,
    )


async def holding(tx: Tx, handoff: UUID, at: datetime) -> Holding | None:
    """The custody that stood at this moment."""
    row = await tx.fetchrow(HOLDING, handoff, at)
    return Holding(row["number"], row["ended_at"], row["rung"]) if row else None


async def hand_over(
    tx: Tx,
    handoff: UUID,
    owner: str,
    *,
    start: datetime,
    end: datetime | None,
    due: datetime,
    how: Literal["opened", "moved", "escalated"],
    rung: int,
) -> None:
    """Make the owner accountable from `start` on; who had it then is relieved first."""
    await tx.execute(HAND_OVER, handoff, owner, start, end, how, rung, due)


async def relieve(tx: Tx, handoff: UUID, number: int, at: datetime) -> None:
    """End this custody."""
    await tx.execute(RELIEVE, handoff, number, at)


async def prolong(tx: Tx, held: Held, *, due: datetime, rung: int) -> None:
    """The same owner keeps it until another time."""
    await tx.execute(PROLONG, held.id, held.number, due, rung)


async def accept(tx: Tx, handoff: UUID, number: int, person: UUID, at: datetime) -> None:
    """Note who took it."""
    await tx.execute(ACCEPT, handoff, number, person, at)


async def settle(tx: Tx, handoff: UUID, state: HandoffState, by: UUID, at: datetime) -> None:
    """Note what settled it and when."""
    await tx.execute(SETTLE, handoff, state, by, at)


async def chase(tx: Tx, handoff: UUID, chased: int) -> None:
    """Note how often the patient asked again."""
    await tx.execute(CHASE, handoff, chased)


async def chase_open(tx: Tx, name: HandoffName, case: UUID, sequence: int) -> bool:
    """Count one more asking for work of a repeating row that an earlier event opened; False when none such is open.

    However often it was asked for, this looks at one entry. What is open has no settling event after its opening.
    """
    return await tx.fetchval(CHASE_OPEN, name, case, sequence) is not None


async def open_earlier(tx: Tx, handoff: UUID, opened: Fact) -> None:
    """An earlier opening was seen later: the work began then; its custodies are put beside it."""
    await tx.execute(OPEN_EARLIER, handoff, opened.event, opened.at, opened.sequence)


async def custodies(tx: Tx, handoff: UUID) -> list[Span]:
    """Everybody who was accountable, in order of time; the entry is locked."""
    return [Span(**dict(row)) for row in await tx.fetch(CUSTODIES, handoff)]


async def put(tx: Tx, handoff: UUID, held_by: Sequence[Span], standing: Sequence[Span] = ()) -> None:
    """Make these the custodies of the entry, where they differ from those that stand."""
    same = next((n for n, (new, old) in enumerate(zip(held_by, standing, strict=False)) if new != old), len(standing))
    if standing:
        await tx.execute(DROP_FROM, handoff, same + 1)
    rows = [
        (n, s.owner, s.start, s.end, s.due, s.how, s.rung, s.event, s.accepted_by, s.accepted_at)
        for n, s in enumerate(held_by[same:], same + 1)
    ]
    if rows:
        await tx.execute(PUT, handoff, *(list(column) for column in zip(*rows, strict=True)))


def held_of(row: asyncpg.Record) -> Held:
    """A row of HELD."""
    return Held(
        id=row["id"],
        name=HandoffName(row["name"]),
        case=row["case_id"],
        patient=row["patient"],
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
        state=HandoffState(row["state"]),
        settled_by=row["settled_by"],
        settled_at=row["settled_at"],
        chased=row["chased"],
        number=row["number"],
        owner=row["owner"],
        since=row["started_at"],
        due=row["due"],
        rung=row["rung"],
        accepted_by=row["accepted_by"],
    )
