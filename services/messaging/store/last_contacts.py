"""When each member of staff was last in contact with a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

LAST = """
SELECT person, how, max(at) AS at FROM (
    SELECT r.person, 'message' AS how, wrote.at
      FROM thread t
      JOIN reading r ON r.thread = t.id AND r.party = 'staff'
     CROSS JOIN LATERAL (
           SELECT m.at FROM message m WHERE m.thread = t.id AND m.author = r.person ORDER BY m.sequence DESC LIMIT 1
           ) wrote
     WHERE t.patient = $1 AND t.erased_at IS NULL
     UNION ALL
    SELECT c.logged_by, c.channel, c.at
      FROM contact c
     WHERE c.patient = $1 AND c.answered
       AND NOT EXISTS (SELECT 1 FROM thread t WHERE t.id = c.key_group AND t.erased_at IS NOT NULL)
    ) AS contacts
 GROUP BY person, how ORDER BY at DESC, person, how
"""


async def last_contacts(tx: Tx, patient: UUID) -> list[asyncpg.Record]:
    """Who was in contact how, and when last, the latest first; who has written in a thread has read there too."""
    return await tx.fetch(LAST, patient)
