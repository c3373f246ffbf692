"""Requests for a person, and the context they carry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.messaging.model.people import RUNGS, PersonRequest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    import asyncpg

    from shared.database import Tx

NEVER = datetime.min.replace(tzinfo=UTC)

COLUMNS = "id, patient, thread, owner, requested_by, at, due, joined_by, joined_at, withdrawn_at"
STILL_OPEN = "joined_at IS NULL AND withdrawn_at IS NULL"
NOT_ERASED = "NOT EXISTS (SELECT 1 FROM erased_patient e WHERE e.patient = r.patient)"

OPEN_IN = f"""
SELECT {COLUMNS} FROM person_request
 WHERE patient = $1 AND owner = $2 AND thread = $3 AND {STILL_OPEN}
   FOR NO KEY UPDATE
"""  # noqa: S608 - constants of this file

OPEN_WITH = f"""
SELECT {COLUMNS} FROM person_request
 WHERE patient = $1 AND owner = $2 AND {STILL_OPEN}
 ORDER BY at DESC LIMIT 1
"""  # noqa: S608 - likewise

ADD = """
INSERT INTO person_request (id, patient, thread, owner, requested_by, at, due) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

CONTEXTS = "SELECT count(*) FROM person_context WHERE request = $1"

ADD_CONTEXT = "INSERT INTO person_context (request, number, author, sealed, at) VALUES ($1, $2, $3, $4, $5)"

CONTEXT = "SELECT number, author, sealed, at FROM person_context WHERE request = $1 ORDER BY number"

FIND = f"SELECT {COLUMNS} FROM person_request WHERE id = $1"  # noqa: S608 - likewise

LOCK = f"{FIND} FOR NO KEY UPDATE"

JOIN = "UPDATE person_request SET joined_by = $2, joined_at = $3 WHERE id = $1"

WITHDRAW = "UPDATE person_request SET withdrawn_at = $2 WHERE id = $1"

OPEN_FOR = f"""
SELECT {COLUMNS} FROM person_request r
 WHERE {STILL_OPEN} AND (owner = ANY ($1::text[]) OR due <= $2) AND {NOT_ERASED}
 ORDER BY due LIMIT $3
"""  # noqa: S608 - likewise

OF_PATIENT = f"""
SELECT {COLUMNS} FROM person_request WHERE patient = $1 ORDER BY at DESC LIMIT $2
"""  # noqa: S608 - likewise

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('person-request:' || $1::text, 0))"


def _request(row: asyncpg.Record) -> PersonRequest:
    return PersonRequest(**dict(row))


async def one_at_a_time(tx: Tx, patient: UUID) -> None:
    """Let the patient's requests that look for a thread follow one another; ends with the transaction."""
    await tx.execute(ONE_AT_A_TIME, str(patient))


async def open_in(tx: Tx, patient: UUID, owner: str, thread: UUID) -> PersonRequest | None:
    """The open request in this thread, locked until the transaction ends."""
    row = await tx.fetchrow(OPEN_IN, patient, owner, thread)
    return _request(row) if row else None


async def open_with(tx: Tx, patient: UUID, owner: str) -> PersonRequest | None:
    """The patient's latest open request to this owner, in whatever thread."""
    row = await tx.fetchrow(OPEN_WITH, patient, owner)
    return _request(row) if row else None


async def add(tx: Tx, request: PersonRequest) -> None:
    """Open a request."""
    await tx.execute(
        ADD,
        request.id,
        request.patient,
        request.thread,
        request.owner,
        request.requested_by,
        request.at,
        request.due,
    )


async def contexts(tx: Tx, request: UUID) -> int:
    """How often the patient asked; the request's row must be locked or new."""
    return int(await tx.fetchval(CONTEXTS, request))


async def add_context(tx: Tx, request: UUID, number: int, author: UUID, sealed: bytes, now: datetime) -> None:
    """Keep what the patient was doing."""
    await tx.execute(ADD_CONTEXT, request, number, author, sealed, now)


async def context(tx: Tx, request: UUID) -> list[asyncpg.Record]:
    """What the patient was doing each time they asked, earliest first."""
    return await tx.fetch(CONTEXT, request)


async def find(tx: Tx, request: UUID) -> PersonRequest | None:
    """The request as it stands."""
    row = await tx.fetchrow(FIND, request)
    return _request(row) if row else None


async def lock(tx: Tx, request: UUID) -> PersonRequest | None:
    """The request, locked until the transaction ends; its thread is to be locked before."""
    row = await tx.fetchrow(LOCK, request)
    return _request(row) if row else None


async def join(tx: Tx, request: UUID, person: UUID, now: datetime) -> None:
    """The person is with the patient."""
    await tx.execute(JOIN, request, person, now)


async def withdraw(tx: Tx, request: UUID, now: datetime) -> None:
    """Nobody is waited for any more."""
    await tx.execute(WITHDRAW, request, now)


async def open_for(tx: Tx, teams: Iterable[str], now: datetime, most: int) -> list[PersonRequest]:
    """Open requests that members of these teams may join by now, most urgent first."""
    teams = set(teams)
    since = [now - after for team, after in RUNGS if team in teams]
    rows = await tx.fetch(OPEN_FOR, [f"team:{team}" for team in teams], max(since, default=NEVER), most)
    return [_request(row) for row in rows]


async def of_patient(tx: Tx, patient: UUID, most: int) -> list[PersonRequest]:
    """The patient's requests, latest first."""
    return [_request(row) for row in await tx.fetch(OF_PATIENT, patient, most)]
