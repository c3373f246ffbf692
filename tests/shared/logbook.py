"""A log to play with: requests on record, a chainer of the service, what the stream has of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from baton_events.common import AUDIT_CHECKPOINTED
from shared import audit
from shared.audit import chain, store, verify
from shared.audit.verify import Finding
from shared.call import Call
from shared.database import Database
from shared.identity.people import Person, Role, ServiceCaller
from shared.requests.messaging import MESSAGES

if TYPE_CHECKING:
    from tests.shared.conftest import Kept

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"7" * 32)
PATIENT = uuid4()
CLINICIAN = Person(uuid4(), frozenset({Role.CLINICIAN}), frozenset(), NOW + timedelta(hours=1))


def call(now: datetime = NOW, caller: Person | ServiceCaller = CLINICIAN) -> Call:
    return Call(operation=MESSAGES, caller=caller, token="", now=now, deadline=now + timedelta(seconds=5))


async def look(db: Database, times: int = 1, now: datetime = NOW, **what: Any) -> None:
    """Requests that read the patient's record, each in its own transaction."""
    for _ in range(times):
        async with db.transaction() as tx:
            await audit.record(tx, call(now), "read", patient=PATIENT, **what)


def chaining(db: Database, now: datetime = NOW, **kwargs: Any) -> audit.Chainer:
    return audit.Chainer(db=db, service="messaging", key=KEY, clock=lambda: now, **kwargs)


async def published(db: Database) -> list[store.Checkpoint]:
    """The checkpoints as the stream has them: from the outbox's own bytes."""
    kind = AUDIT_CHECKPOINTED["messaging"]
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT data FROM outbox WHERE type = $1 ORDER BY id", kind.kind.type)
    return [chain.announced(msgspec.json.decode(row["data"], type=kind)) for row in rows]


async def findings(db: Database, seen: list[store.Checkpoint], now: datetime = NOW) -> list[Finding]:
    return (await verify.verify(db, [KEY.public_key()], seen, now)).findings


async def chained(kept: Kept, rows: int = 9) -> list[store.Checkpoint]:
    """A log of that many rows with checkpoints after the third and the last; gives the checkpoints published."""
    await look(kept.db, 3, object=uuid4())
    await chaining(kept.db).catch_up()
    await look(kept.db, rows - 3, range="messages 1-20")
    await chaining(kept.db, NOW + timedelta(minutes=1)).catch_up()
    return await published(kept.db)


async def linked(db: Database) -> list[int]:
    """The numbers of the rows in the chain, in its order."""
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT audit FROM audit_link ORDER BY position")
    return [row["audit"] for row in rows]
