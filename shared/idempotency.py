"""Repeats: a command sent again under its Idempotency-Key is answered again and not done again.

Scoped to caller, operation and key; kept in the effect's own transaction. The answer kept is a `Done`: ids, states
and times. The request itself is kept only as a keyed HMAC.

Nothing is looked up before a command runs: the first time is the common one. A repeat breaks on `keep` (Raced), or on
a state that the first time left behind (a refusal); only then is the answer given before looked for.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import asyncpg

from shared.database import reaching
from shared.errors import KeyReused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.call import Call
    from shared.database import Database, Tx
    from shared.requests import Done

FIND = "SELECT fingerprint, done FROM idempotency WHERE caller = $1 AND operation = $2 AND key = $3"
KEEP = "INSERT INTO idempotency (caller, operation, key, fingerprint, done) VALUES ($1, $2, $3, $4, $5)"
FORGET = "DELETE FROM idempotency WHERE caller = $1"
KEPT = """
SELECT caller, operation, key FROM idempotency
 WHERE (caller, operation, key) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))
"""


class Raced(Exception):
    """The same command was committed under the same key while this one ran: look it up and answer from it."""


def fingerprint(secret: bytes, body: bytes) -> bytes:
    """What tells a repeat from another request under the same key, without keeping the request."""
    return hmac.digest(secret, body, "sha256")


async def done_before(db: Database, call: Call) -> bytes | None:
    """The encoded answer given before under this key, or None; raises KeyReused when the request was another."""
    with reaching():
        row = await db.pool.fetchrow(FIND, *call.scope)
    if row is None:
        return None
    if not hmac.compare_digest(row["fingerprint"], call.fingerprint):
        raise KeyReused
    done: bytes = row["done"]
    return done


async def kept_already(tx: Tx, calls: Sequence[Call]) -> set[tuple[str, str, str]]:
    """Those of the calls' (caller, operation, key) that were kept before."""
    scopes = [call.scope for call in calls]
    rows = await tx.fetch(KEPT, *(list(column) for column in zip(*scopes, strict=True)))
    return {(row["caller"], row["operation"], row["key"]) for row in rows}


async def keep_all(tx: Tx, kept: Sequence[tuple[Call, Done]]) -> None:
    """Remember the answers of several commands that share a transaction."""
    await tx.executemany(KEEP, [(*call.scope, call.fingerprint, call.encoded(done)) for call, done in kept])
    for call, _ in kept:
        call.kept = True


async def keep(tx: Tx, call: Call, done: Done) -> None:
    """Remember the answer in the effect's transaction; raises Raced when the same command was faster."""
    try:
        await tx.execute(KEEP, *call.scope, call.fingerprint, call.encoded(done))
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "idempotency_key":
            raise
        call.kept = True
        raise Raced from error
    call.kept = True


async def forget_caller(tx: Tx, caller: str) -> None:
    """Forget what the caller was answered, for one who will be answered nothing any more."""
    await tx.execute(FORGET, caller)
