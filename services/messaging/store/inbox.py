"""Staff's inboxes in one order: threads that are theirs, where they take part, what their teams owe, consults to take.

Each of the four is read from an index in that order, no further than one page, so that a long inbox costs what a
short one does. Whatever stands in the page stands in the first page of each that it belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable

    import asyncpg

    from shared.database import Tx


@dataclass(frozen=True)
class Place:
    """A thread's place in inboxes; most urgent first."""

    urgency: datetime
    thread: UUID


FIRST = Place(datetime.min, UUID(int=0))  # noqa: DTZ901 - compared with a column without a zone

INBOX = """
WITH found AS (
    (SELECT t.id AS thread, t.urgency, false AS takes_part FROM thread t
      WHERE t.assigned = $1 AND t.closed_at IS NULL AND (t.urgency, t.id) > ($3, $4)
      ORDER BY t.urgency, t.id LIMIT $5)
     UNION ALL
    (SELECT p.thread, p.urgency, true FROM participant p
      WHERE p.person = $1 AND p.left_at IS NULL AND p.urgency IS NOT NULL AND (p.urgency, p.thread) > ($3, $4)
      ORDER BY p.urgency, p.thread LIMIT $5)
     UNION ALL
    (SELECT owed.id, owed.urgency, false
       FROM unnest($2::text[]) AS mine (team)
      CROSS JOIN LATERAL (
            SELECT t.id, t.urgency FROM thread t
             WHERE t.team = mine.team AND (t.reply_due IS NOT NULL OR t.question_due IS NOT NULL)
               AND t.closed_at IS NULL AND (t.urgency, t.id) > ($3, $4)
             ORDER BY t.urgency, t.id LIMIT $5
            ) owed)
     UNION ALL
    (SELECT free.id, free.urgency, false
       FROM unnest($2::text[]) AS mine (team)
      CROSS JOIN LATERAL (
            SELECT t.id, t.urgency FROM thread t
             WHERE t.team = mine.team AND t.kind = 'consult' AND t.assigned IS NULL AND t.closed_at IS NULL
               AND (t.urgency, t.id) > ($3, $4)
             ORDER BY t.urgency, t.id LIMIT $5
            ) free)
), page AS (
    SELECT thread, urgency, bool_or(takes_part) AS takes_part
      FROM found GROUP BY thread, urgency ORDER BY urgency, thread LIMIT $5
)
SELECT t.id, t.patient, t.kind, t.team, t.assigned, t.urgency, t.sequence, t.last_at,
       least(t.reply_due, t.question_due, c.answer_due) AS due,
       t.reply_due IS NOT NULL OR t.question_due IS NOT NULL AS owed,
       t.sequence - coalesce(r.sequence + r.own, 0) AS unread,
       page.takes_part, e.patient IS NOT NULL AS erased
  FROM page
  CROSS JOIN LATERAL (SELECT * FROM thread WHERE id = page.thread LIMIT 1) t
  LEFT JOIN reading r ON r.thread = t.id AND r.person = $1
  LEFT JOIN LATERAL (
        SELECT answer_due FROM consult WHERE thread = t.id AND t.kind = 'consult' AND status = 'requested' LIMIT 1
       ) c ON true
  LEFT JOIN erased_patient e ON e.patient = t.patient
 ORDER BY page.urgency, page.thread
"""


async def page(tx: Tx, person: UUID, teams: Iterable[str], after: Place, limit: int) -> list[asyncpg.Record]:
    """At most `limit` threads behind the place, with what the person has not read of each, all at one moment."""
    return await tx.fetch(INBOX, person, sorted(teams), after.urgency, after.thread, limit)
