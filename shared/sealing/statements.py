"""Single statements, which need no transaction around them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from shared.database import reaching

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    from shared.database import Database


@asynccontextmanager
async def alone(db: Database) -> AsyncIterator[PoolConnectionProxy[asyncpg.Record]]:
    """A connection for one statement or two that may be done apart."""
    with reaching():
        async with db.pool.acquire(timeout=5) as connection:
            yield connection
