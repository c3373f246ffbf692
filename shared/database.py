"""PostgreSQL for one service: a pool, transactions that tell when they are committed, refusals by constraint."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg

from shared.errors import Refusal, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from asyncpg.pool import PoolConnectionProxy

ABANDONED_AFTER = "60s"
"""How long the locks of a process outlast it that hangs, or whose machine is gone, in a transaction."""

BY_INDEX = "off"
"""Services look rows up by key. Of tables that have just begun to grow the planner knows nothing yet, and would read
them whole in every statement until their first statistics. Where it must, the cost it sees then is no reason to
compile, so `jit` is off too."""

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,  # a connection lost while it was given back to the pool
)


class DatabaseUnavailable(Unavailable):
    """This part of the practice cannot reach its records. Send the same request again shortly; it is not done twice."""

    code = "records-unavailable"


@dataclass
class Tx:
    """One open transaction. What is registered with `after_commit` runs once it is durable, never before."""

    connection: PoolConnectionProxy[asyncpg.Record]
    announced: asyncio.Event
    committed: list[Callable[[], None]] = field(default_factory=list)

    def after_commit(self, tell: Callable[[], None]) -> None:
        """Call `tell` when the transaction has been committed; it must not raise or block."""
        self.committed.append(tell)

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """All rows."""
        return await self.connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        """The first row, if any."""
        return await self.connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        """The first column of the first row, if any."""
        return await self.connection.fetchval(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement; the answer is PostgreSQL's command tag."""
        return await self.connection.execute(query, *args)

    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None:
        """Run a statement for each row of arguments."""
        await self.connection.executemany(query, args)


async def _no_reset(_: asyncpg.Connection[asyncpg.Record]) -> None:
    """Sessions carry no state here, so giving a connection back costs no query."""


@dataclass(frozen=True)
class Database:
    """One service's database, as its runtime role."""

    pool: asyncpg.Pool[asyncpg.Record]
    announced: asyncio.Event = field(default_factory=asyncio.Event)
    """Set after a commit that left an event in the outbox; wakes this process's relay."""

    @classmethod
    async def connect(cls, url: str, *, size: int = 8, name: str = "baton") -> Database:
        """Open a pool of at most `size` connections; raises DatabaseUnavailable when there is no server."""
        with reaching():
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=size,
                timeout=5,
                command_timeout=30,
                reset=_no_reset,
                server_settings={
                    "application_name": name,
                    "timezone": "UTC",
                    "enable_seqscan": BY_INDEX,
                    "jit": "off",
                    "idle_in_transaction_session_timeout": ABANDONED_AFTER,
                },
            )
        return cls(pool)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """READ COMMITTED; commits at the end, rolls back when anything is raised."""
        with reaching():
            async with self._connection() as connection:
                tx = Tx(connection, self.announced)
                async with connection.transaction():
                    yield tx
        for tell in tx.committed:
            tell()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """Statements that only read, each on its own: one round trip instead of three."""
        with reaching():
            async with self._connection() as connection:
                yield Tx(connection, self.announced)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[PoolConnectionProxy[asyncpg.Record]]:
        """A connection of the pool; what asyncpg says of a lost one is told from what it says of a wrong call."""
        connection: PoolConnectionProxy[asyncpg.Record] | None = None
        try:
            async with self.pool.acquire(timeout=5) as connection:
                try:
                    yield connection
                except asyncpg.InterfaceError as error:
                    if _is_lost(connection):
                        raise DatabaseUnavailable(retry_after=1) from error
                    raise
        except asyncpg.InterfaceError as error:
            if connection is None:
                raise DatabaseUnavailable(retry_after=1) from error
            raise

    async def close(self) -> None:
        """Give every connection back and close."""
        await self.pool.close()


def _is_lost(connection: PoolConnectionProxy[asyncpg.Record]) -> bool:
    """Whether the server closed it; one that was closed while nothing ran has left the pool and answers no question."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


@contextmanager
def reaching() -> Iterator[None]:
    """Turn a database that cannot be reached into DatabaseUnavailable; every other error passes unchanged."""
    try:
        yield
    except UNREACHABLE as error:
        raise DatabaseUnavailable(retry_after=1) from error


@contextmanager
def refusing(refusals: Mapping[str, type[Refusal]]) -> Iterator[None]:
    """Turn a broken constraint into the refusal of its name."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        refusal = refusals.get(error.constraint_name or "")
        if refusal is None:
            raise
        raise refusal from error
