"""What events said about a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.handoffs.rounds import Effect, Fact

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

    from baton_events.codes import HandoffName
    from shared.database import Tx

ADD = """
WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended($1 || ':' || ($2::uuid)::text, 0)))
INSERT INTO fact (name, case_id, event, effect, at, sequence, final, patient, owner, due, person)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM locked
ON CONFLICT ON CONSTRAINT fact_pkey DO NOTHING
RETURNING event
"""

ALL = """
SELECT event, effect, at, sequence, final, patient, owner, due, person
  FROM fact
 WHERE name = $1 AND case_id = $2
"""

AROUND = """
WITH settling AS (
    SELECT (SELECT max(sequence) FROM fact
             WHERE name = $1 AND case_id = $2 AND effect IN ('close', 'withdraw') AND NOT final
               AND ($3::bigint IS NULL OR sequence < $3)) AS before,
           (SELECT min(sequence) FROM fact
             WHERE name = $1 AND case_id = $2 AND effect IN ('close', 'withdraw') AND NOT final
               AND sequence > $3) AS after
)
SELECT f.event, f.effect, f.at, f.sequence, f.final, f.patient, f.owner, f.due, f.person
  FROM settling s, fact f
 WHERE f.name = $1 AND f.case_id = $2 AND NOT f.final
   AND f.sequence > coalesce(s.before, -1) AND f.sequence <= coalesce(s.after, 9223372036854775807)
UNION ALL
SELECT event, effect, at, sequence, final, patient, owner, due, person
  FROM fact
 WHERE name = $1 AND case_id = $2 AND final
"""


async def add(tx: Tx, name: HandoffName, case: UUID, fact: Fact) -> bool:
    """Keep what the event said; False when it was kept before.

    From here on no other transaction works on the case, until this one ends.
    """
    added = await tx.fetchval(
        ADD,
        name,
        case,
        fact.event,
        fact.effect,
        fact.at,
        fact.sequence,
        fact.final,
        fact.patient,
        fact.owner,
        fact.due,
        fact.person,
    )
    return added is not None


async def of_case(tx: Tx, name: HandoffName, case: UUID) -> list[Fact]:
    """Everything said about the case."""
    return [_fact(row) for row in await tx.fetch(ALL, name, case)]


async def around(tx: Tx, name: HandoffName, case: UUID, fact: Fact) -> list[Fact]:
    """What was said between the settling events on either side of this one, the later included."""
    rows = await tx.fetch(AROUND, name, case, None if fact.final else fact.sequence)
    return [_fact(row) for row in rows]


def _fact(row: asyncpg.Record) -> Fact:
    return Fact(
        event=row["event"],
        effect=Effect(row["effect"]),
        at=row["at"],
        sequence=row["sequence"],
        final=row["final"],
        patient=row["patient"],
        owner=row["owner"],
        due=row["due"],
        person=row["person"],
    )
