"""Repeats: a command sent again under its Idempotency-Key is answered again and not done again.

Scoped to caller, operation and key; kept in the effect's own transaction. The answer kept is a `Done`: ids, states
and times. The request itself is kept only as a keyed HMAC.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import asyncpg

from shared.errors import KeyReused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.call import Call
    from shared.database import Database, Tx
    from shared.requests import Done

FIND = "SELECT fingerprint, done FROM idempotency WHERE caller = $1 AND operation = $2 AND key = $3"
KEEP = "INSERT INTO idempotency (caller, operation, key, fingerprint, done) VALUES ($1, $2, $3, $4, $5)"


class Raced(Exception):
    """The same command was committed under the same key while this one ran: look it up and answer from it."""


def fingerprint(secret: bytes, body: bytes) -> bytes:
    """What tells a repeat from another request under the same key, without keeping the request."""
    return hmac.digest(secret, body, "sha256")


async def done_before(db: Database, call: Call) -> bytes | None:
    """The encoded answer given before under this key, or None; raises KeyReused when the request was another."""
    async with db.transaction() as tx:
        row = await tx.fetchrow(FIND, call.caller_id, call.operation.subject, call.key)
    if row is None:
        return None
    if not hmac.compare_digest(row["fingerprint"], call.fingerprint):
        raise KeyReused
    done: bytes = row["done"]
    return done


async def keep(tx: Tx, call: Call, done: Done) -> None:
    """Remember the answer in the effect's transaction; raises Raced when the same command was faster."""
    try:
        await tx.execute(KEEP, call.caller_id, call.operation.subject, call.key, call.fingerprint, call.encoded(done))
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "idempotency_key":
            raise
        call.kept = True
        raise Raced from error
    call.kept = True


def headers(key: str) -> Mapping[str, str]:
    """The header that carries the key."""
    return {"Idempotency-Key": key}
