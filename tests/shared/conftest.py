"""One PostgreSQL for this folder's tests, and a service's two databases made fresh for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import asyncpg
import pytest

from shared import roles
from shared.database import Database
from tests.shared.issuing import issuer
from tests.shared.line import around, line, lines, nats_server
from tests.shared.safe import keyring
from tests.shared.tokens import world
from tests.support.postgres import Postgres

__all__ = ["around", "issuer", "kept", "keyring", "line", "lines", "nats_server", "server", "world"]

SERVICE = "messaging"


@dataclass(frozen=True)
class Kept:
    """A service's database and keystore as its runtime role, and a way in as superuser."""

    db: Database
    keystore: Database
    server: Postgres

    async def admin(self, keystore: bool = False) -> asyncpg.Connection[asyncpg.Record]:
        database = roles.databases_of(SERVICE)[keystore]
        return await asyncpg.connect(roles.in_database(self.server.superuser_url, database))

    async def tamper(self, statement: str, *args: object, keystore: bool = False) -> None:
        """Change something as superuser, as nobody else can."""
        admin = await self.admin(keystore)
        await admin.execute(statement, *args)
        await admin.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    postgres = Postgres.make()
    try:
        asyncio.run(postgres.ready())
        yield postgres
    finally:
        postgres.remove()


@pytest.fixture
async def kept(server: Postgres) -> AsyncIterator[Kept]:
    own, keys = await server.fresh(SERVICE)
    db, keystore = await Database.connect(own), await Database.connect(keys)
    yield Kept(db, keystore, server)
    await db.close()
    await keystore.close()
