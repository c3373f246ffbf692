"""Threads, their participants and messages, and who has read how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from baton_events.codes import ThreadKind
from services.messaging.model.threads import FIRST_TEAM, ThreadCard, ThreadNow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from baton_events.codes import Party
    from shared.database import Tx

CARD = "SELECT id, patient, kind FROM thread WHERE id = $1"

NOW = """
SELECT t.id, t.patient, t.kind, t.sequence, t.closed_at IS NOT NULL AS closed, t.reply_owed, t.reply_due,
       t.assigned, t.team, t.custody, t.question, t.question_due, greatest(t.last_at, t.changed_at) AS since,
       t.erased_at IS NOT NULL OR EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = t.patient) AS erased,
       ARRAY(SELECT p.person FROM participant p WHERE p.thread = t.id AND p.left_at IS NULL) AS participants
  FROM thread t
 WHERE t.id = ANY($1::uuid[])
 ORDER BY t.id
"""

LOCK = f"{NOW} FOR NO KEY UPDATE OF t"

OPEN = """
INSERT INTO thread (id, patient, kind, team, opened_by, opened_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
"""

JOIN = """
INSERT INTO participant (thread, person, joined_at, urgency) SELECT id, $2, $3, urgency FROM thread WHERE id = $1
ON CONFLICT ON CONSTRAINT participant_pkey DO UPDATE SET left_at = NULL, urgency = excluded.urgency
"""

LEAVE = """
UPDATE participant p SET left_at = $3
  FROM thread t
 WHERE t.id = p.thread AND t.patient = $1 AND p.person = $2 AND p.left_at IS NULL
"""

ADD_MESSAGES = """
INSERT INTO message (thread, sequence, id, author, party, sealed, at)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::bytea[], $7::timestamptz[])
"""

ADVANCE = """
UPDATE thread t SET sequence = w.sequence, last_at = w.at, reply_owed = w.due IS NOT NULL, reply_due = w.due
  FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::timestamptz[]) AS w (thread, sequence, at, due)
 WHERE t.id = w.thread
"""

WROTE = """
INSERT INTO reading (thread, person, party, sequence, own)
SELECT w.thread, w.person, w.party,
       CASE WHEN n.seen THEN w.last ELSE n.sequence END,
       CASE WHEN n.seen THEN 0 ELSE n.own + w.messages END
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
       AS w (thread, person, party, first, last, messages)
  LEFT JOIN reading r ON r.thread = w.thread AND r.person = w.person
 CROSS JOIN LATERAL (
       SELECT coalesce(r.sequence, 0) AS sequence, coalesce(r.own, 0) AS own,
              coalesce(r.sequence + r.own, 0) = w.first - 1 AND w.last - w.first = w.messages - 1 AS seen
       ) n
ON CONFLICT ON CONSTRAINT reading_pkey DO UPDATE SET sequence = excluded.sequence, own = excluded.own
"""

HAS_READ = """
INSERT INTO reading AS r (thread, person, party, sequence) VALUES ($1, $2, $3, $4)
ON CONFLICT ON CONSTRAINT reading_pkey DO UPDATE SET
       sequence = excluded.sequence,
       own = CASE WHEN r.own = 0 THEN 0 ELSE (
           SELECT count(*) FROM message m
            WHERE m.thread = excluded.thread AND m.sequence > excluded.sequence AND m.author = excluded.person
       ) END
 WHERE r.sequence < excluded.sequence
RETURNING sequence
"""

PAGE = """
SELECT m.sequence, m.id, m.author, m.party, m.at, m.revision, m.corrected_at, m.retracted_at,
       CASE WHEN m.revision = 0 THEN m.sealed
            ELSE (SELECT r.sealed FROM revision r WHERE r.message = m.id AND r.revision = m.revision) END AS sealed
  FROM message m
 WHERE m.thread = $1 AND m.sequence < $2
 ORDER BY m.sequence DESC LIMIT $3
"""

THREADS = """
SELECT t.id, t.patient, t.kind, t.closed_at IS NOT NULL AS closed, t.sequence, t.last_at, t.assigned,
       least(t.reply_due, t.question_due) AS due,
       t.sequence - coalesce(r.sequence + r.own, 0) AS unread
  FROM thread t LEFT JOIN reading r ON r.thread = t.id AND r.person = $2
 WHERE t.patient = $1 AND t.erased_at IS NULL AND (t.last_at, t.id) < ($3, $4)
 ORDER BY t.last_at DESC, t.id DESC LIMIT $5
"""

REPLY_SETTLED = "UPDATE thread SET reply_owed = false, reply_due = NULL, changed_at = $2 WHERE id = $1"

CLOSE = "UPDATE thread SET closed_at = $2, changed_at = $2, reply_owed = false, reply_due = NULL WHERE id = $1"

ASSIGN = "UPDATE thread SET assigned = $2 WHERE id = $1"


@dataclass(frozen=True)
class NewMessage:
    """A message about to stand in its thread."""

    thread: UUID
    sequence: int
    id: UUID
    author: UUID
    party: Party
    sealed: bytes
    at: datetime


def _now(row: asyncpg.Record) -> ThreadNow:
    return ThreadNow(
        card=ThreadCard(row["id"], row["patient"], ThreadKind(row["kind"])),
        sequence=row["sequence"],
        closed=row["closed"],
        erased=row["erased"],
        reply_owed=row["reply_owed"],
        participants=frozenset(row["participants"]),
        assigned=row["assigned"],
        team=row["team"],
        reply_due=row["reply_due"],
        question=row["question"],
        question_due=row["question_due"],
        custody=row["custody"],
        since=row["since"],
    )


async def card(tx: Tx, thread: UUID) -> ThreadCard | None:
    """What never changes about the thread, if there is one."""
    row = await tx.fetchrow(CARD, thread)
    return ThreadCard(row["id"], row["patient"], ThreadKind(row["kind"])) if row else None


async def look(tx: Tx, thread: UUID) -> ThreadNow | None:
    """The thread as it stands."""
    row = await tx.fetchrow(NOW, [thread])
    return _now(row) if row else None


async def lock(tx: Tx, threads: Sequence[UUID]) -> dict[UUID, ThreadNow]:
    """The threads as they stand, locked in the order of their ids until the transaction ends."""
    rows = await tx.fetch(LOCK, sorted(set(threads)))
    return {row["id"]: _now(row) for row in rows}


async def open_thread(tx: Tx, thread: ThreadCard, opened_by: UUID, now: datetime) -> None:
    """Begin a thread."""
    await tx.execute(OPEN, thread.id, thread.patient, thread.kind, FIRST_TEAM[thread.kind], opened_by, now)


async def join(tx: Tx, thread: UUID, person: UUID, now: datetime) -> None:
    """Make a member of staff a participant."""
    await tx.execute(JOIN, thread, person, now)


async def leave(tx: Tx, patient: UUID, person: UUID, now: datetime) -> None:
    """Make the person a participant no longer, in any of the patient's threads."""
    await tx.execute(LEAVE, patient, person, now)


async def add_messages(tx: Tx, messages: Sequence[NewMessage], owed: Mapping[UUID, datetime | None]) -> None:
    """Add messages, advance their threads, and note what their authors have read: what they saw, and their own.

    The messages of a thread come in the order of their sequence, right behind the thread's own. `owed` says for each
    thread until when the patient is promised an answer afterwards, if one is owed.
    """
    columns = [(m.thread, m.sequence, m.id, m.author, m.party, m.sealed, m.at) for m in messages]
    await tx.execute(ADD_MESSAGES, *(list(column) for column in zip(*columns, strict=True)))
    last = {m.thread: m for m in messages}
    threads = [(m.thread, m.sequence, m.at, owed[m.thread]) for m in last.values()]
    await tx.execute(ADVANCE, *(list(column) for column in zip(*threads, strict=True)))
    await tx.execute(WROTE, *(list(column) for column in zip(*_wrote(messages), strict=True)))


def _wrote(messages: Sequence[NewMessage]) -> list[tuple[UUID, UUID, Party, int, int, int]]:
    """For each author in a thread the first and last sequence, and how many they wrote."""
    wrote: dict[tuple[UUID, UUID], list[NewMessage]] = {}
    for message in messages:
        wrote.setdefault((message.thread, message.author), []).append(message)
    return [
        (thread, author, own[-1].party, own[0].sequence, own[-1].sequence, len(own))
        for (thread, author), own in wrote.items()
    ]


async def page(tx: Tx, thread: UUID, before: int, limit: int) -> list[asyncpg.Record]:
    """At most `limit` messages below the sequence `before`, newest first."""
    return await tx.fetch(PAGE, thread, before, limit)


async def has_read(tx: Tx, thread: UUID, person: UUID, party: Party, sequence: int) -> bool:
    """Note how far the person has read; False when they had read that far before."""
    return await tx.fetchval(HAS_READ, thread, person, party, sequence) is not None


async def threads(
    tx: Tx, patient: UUID, reader: UUID, before: tuple[datetime, UUID], limit: int
) -> list[asyncpg.Record]:
    """At most `limit` of the patient's threads before that time and id, latest written first.

    With how many messages the reader has not seen, which their own are not.
    """
    return await tx.fetch(THREADS, patient, reader, *before, limit)


async def settle_reply(tx: Tx, thread: UUID, now: datetime) -> None:
    """Nobody owes the patient an answer to what they wrote in this thread."""
    await tx.execute(REPLY_SETTLED, thread, now)


async def assign(tx: Tx, thread: UUID, person: UUID | None) -> None:
    """This person sees to the thread from now on; nobody in particular, its team does."""
    await tx.execute(ASSIGN, thread, person)


async def close(tx: Tx, thread: UUID, now: datetime) -> None:
    """Nothing more is written in the thread."""
    await tx.execute(CLOSE, thread, now)
