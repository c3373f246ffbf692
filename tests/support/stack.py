"""A stack: the real services, wired by their own `build`, on real servers, in the test's own process."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID, uuid4

import asyncpg
import msgspec

from baton_events import Event
from shared.app import App, Ground, Received
from shared.bus import Bus
from shared.bus.call import ask as ask_over
from shared.bus.headers import request_headers
from shared.database import Database
from shared.inbox.provision import ACK_WAIT, DUPLICATE_WINDOW
from shared.outbox.store import TOLD
from shared.requests import Answer, Ask, Operation
from shared.run import Running
from shared.settings import Settings
from tests.support.blocking import nothing_blocks
from tests.support.crashing import drop
from tests.support.deliver import Way, deliver
from tests.support.practices import read_once
from tests.support.servers import Servers, servers
from tests.support.stream import Stream
from tests.support.surroundings import SettableClock, environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

Q = TypeVar("Q", bound=Ask)
A = TypeVar("A", bound=Answer)
E = TypeVar("E", bound=Event)
T = TypeVar("T")

SECONDS = 5.0


class Open(Protocol):
    """What the `stack` fixture gives."""

    def __call__(
        self,
        *names: str,
        apps: Mapping[str, Callable[[], App]] | None = None,
        tables: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        duplicate_window: float = DUPLICATE_WINDOW,
        ack_wait: float = ACK_WAIT,
        start: bool = True,
    ) -> AbstractAsyncContextManager[Stack]:
        """Start these services on fresh databases and an empty stream."""
        ...


@dataclass
class Stack:
    """Some services at work, and what a test does with them. `clock` is theirs; tokens go by the machine's."""

    servers: Servers
    stream: Stream
    clock: SettableClock = field(default_factory=SettableClock)
    services: dict[str, Running] = field(default_factory=dict)
    builds: dict[str, Callable[[], App]] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    _buses: dict[str, Bus] = field(default_factory=dict)
    _databases: dict[str, Database] = field(default_factory=dict)

    def app(self, service: str) -> App:
        """The service as its own `build` makes it, in the surroundings of this test."""
        with environment(self.environment(service)):
            return self.builds[service]()

    def environment(self, service: str) -> dict[str, str]:
        """The variables by which the service finds its surroundings in this test."""
        own, keys = ("", "") if service == "gateway" else self.servers.postgres.urls(service)
        return {**self.servers.surroundings.environment(service, self.servers.broker.url, own, keys), **self.variables}

    async def start(self, service: str) -> Running:
        """Start the service, beside those that are running."""
        self.services[service] = running = Running(self.app(service), self.clock)
        await running.start()
        return running

    async def stop(self, service: str) -> None:
        """Stop the service in order."""
        await self.services.pop(service).stop()

    async def crash(self, service: str) -> None:
        """Drop the service as if it had been killed."""
        await drop(self.services.pop(service))

    async def restart(self, service: str) -> Running:
        """Drop the service and start it again."""
        await self.crash(service)
        return await self.start(service)

    async def ask(
        self,
        op: Operation[Q, A],
        ask: Q,
        *,
        as_: str | UUID | None = None,
        service: str = "",
        token: str = "",
        key: str = "",
        cause: UUID | None = None,
        seconds: float = SECONDS,
    ) -> A:
        """The answer, or the refusal raised. `as_` asks through the gateway as a person, `service` as that service.

        `as_` with `service` is that service passing the person's token on. A command without `key` gets a new one.
        """
        bus = await self.bus(service or "gateway")
        key = key or (str(uuid4()) if op.command else "")
        if as_ is None and not token:
            return await bus.call_as_self(op, ask, cause=cause, key=key, seconds=seconds)
        token = token or self.servers.surroundings.token(as_ or "")
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        return await ask_over(bus.nats, op, _encode(ask), request_headers(token, until, key), seconds)

    async def events(self, kind: type[E]) -> list[Received[E]]:
        """The events of one kind in the stream, in order."""
        return await self.stream.events(kind)

    async def publish(self, event: Event, *, event_id: UUID | None = None, sequence: int | None = None) -> UUID:
        """Put an event of a service into the stream, whether that service runs or not; gives its id."""
        return await self.stream.publish(event, self.clock(), event_id=event_id, sequence=sequence)

    async def deliver(self, service: str, *events: Event, way: Way = Way.ONCE) -> None:
        """Have the running service handle events, given in the order they happened, delivered in this way."""
        await deliver(self, service, events, way)

    async def until(self, found: Callable[[], Awaitable[T]], seconds: float = SECONDS) -> T:
        """Wait until `found` gives something true, and give it; fails when the time is over."""
        end = asyncio.get_running_loop().time() + seconds
        while True:
            result = await found()
            if result:
                return result
            for running in self.services.values():
                if running.died is not None:
                    raise running.died
            assert asyncio.get_running_loop().time() < end, "what the test waits for did not come"
            await asyncio.sleep(0.02)

    async def quiet(self, seconds: float = SECONDS) -> None:
        """Wait until every outbox is published, every event handled and every due deadline fired."""

        async def quiet_twice() -> bool:
            """What moved on from one place to the next during the first look is seen by the second."""
            return await self._is_quiet() and await self._is_quiet()

        await self.until(quiet_twice, seconds)

    async def connected(self) -> bool:
        """Whether every service and the test itself have NATS."""
        clients = [self.stream.client, *(bus.nats for bus in self._buses.values())]
        clients += [running.ground.bus.nats for running in self.services.values() if running.ground]
        return all(client.is_connected for client in clients)

    async def reshape(self, **changes: float) -> None:
        """Change the stream's configuration for this test."""
        js = self.stream.client.jetstream()
        await js.update_stream((await js.stream_info("CARE")).config.evolve(**changes))

    async def handled(self, service: str, event_id: UUID, seconds: float = SECONDS) -> None:
        """Wait until the service has handled the event."""
        query = "SELECT EXISTS (SELECT 1 FROM inbox WHERE event = $1)"

        async def found() -> bool:
            return bool(await self.fetchval(service, query, event_id))

        await self.until(found, seconds)

    def ground(self, service: str) -> Ground:
        """The ground the running service stands on."""
        ground = self.services[service].ground
        assert ground is not None
        return ground

    def on(self, ground: Ground, db: Database) -> Ground:
        """The same ground over another pool of connections."""
        return replace(ground, db=db)

    async def db(self, service: str) -> Database:
        """The service's database as its runtime role."""
        if service not in self._databases:
            self._databases[service] = await Database.connect(self.servers.postgres.urls(service)[0], size=3)
        return self._databases[service]

    async def fetch(self, service: str, query: str, *args: object) -> list[asyncpg.Record]:
        """Rows of the service's database."""
        async with (await self.db(service)).transaction() as tx:
            return await tx.fetch(query, *args)

    async def fetchval(self, service: str, query: str, *args: object) -> Any:
        """One value of the service's database."""
        async with (await self.db(service)).transaction() as tx:
            return await tx.fetchval(query, *args)

    async def as_owner(self, service: str, statements: str) -> None:
        """Run statements as the role that owns the service's tables."""
        owner = await asyncpg.connect(self.servers.postgres.urls(service, f"{service}_owner")[0])
        try:
            await owner.execute(statements)
        finally:
            await owner.close()

    def person(self, who: str | UUID) -> UUID:
        """The id of whoever signs in under this name."""
        return self.servers.surroundings.person(who)

    def token(self, who: str | UUID, **claims: object) -> str:
        """An access token of a person."""
        return self.servers.surroundings.token(who, **claims)

    async def bus(self, service: str) -> Bus:
        """A connection with the service's own credentials, apart from the running service's."""
        if service not in self._buses:
            variables = self.servers.surroundings.environment(service, self.servers.broker.url, "", "")
            settings = Settings.from_environment({**variables, "BATON_SERVICE": service})
            self._buses[service] = await Bus.connect(settings, closed=lambda: None)
        return self._buses[service]

    async def let_go(self) -> None:
        """Give back the test's own connections to databases."""
        while self._databases:
            await self._databases.popitem()[1].close()

    async def close(self) -> None:
        """Stop everything, the services last started first."""
        for service in reversed(list(self.services)):
            await self.stop(service)
        for bus in self._buses.values():
            await bus.close()
        for database in self._databases.values():
            await database.close()

    async def _is_quiet(self) -> bool:
        js = self.stream.client.jetstream()
        for service, running in self.services.items():
            if service == "gateway":
                continue
            if running.app.deadlines and await self.fetchval(service, DUE, self.clock()):
                return False
            if await self.fetchval(service, UNPUBLISHED):
                return False
            if running.app.reactions:
                consumer = await js.consumer_info("CARE", service)
                if consumer.num_pending or consumer.num_ack_pending:
                    return False
        return True


UNPUBLISHED = f"SELECT count(*) FROM outbox o WHERE o.published_at IS NULL AND {TOLD}"  # noqa: S608 - the relay's own

DUE = """
SELECT count(*) FROM deadline WHERE fired_at IS NULL AND cancelled_at IS NULL AND due_at <= $1
"""


def _encode(ask: Ask) -> bytes:
    return msgspec.json.encode(ask)


@asynccontextmanager
async def stack(
    *names: str,
    apps: Mapping[str, Callable[[], App]] | None = None,
    tables: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    duplicate_window: float = DUPLICATE_WINDOW,
    ack_wait: float = ACK_WAIT,
    start: bool = True,
) -> AsyncIterator[Stack]:
    """Start these services on fresh databases and an empty stream.

    `apps` takes the place of a service's own `build`; `tables` are statements run as owner before it starts;
    `variables` are further settings for all; `duplicate_window` and `ack_wait` are the stream's and its consumers', in
    seconds. With `start` false everything is there but the services.
    """
    shared = servers()
    await shared.ready()
    async with AsyncExitStack() as leaving:
        stream = await Stream.connect(shared)
        leaving.push_async_callback(stream.client.close)
        made = Stack(shared, stream, variables=dict(variables or {}))
        leaving.push_async_callback(made.close)
        for name in (*names, *(apps or {})):
            made.builds[name] = (apps or {}).get(name) or importlib.import_module(f"services.{name}.app").build
            if name != "gateway":
                await shared.postgres.fresh(name)
        for service, statements in (tables or {}).items():
            await made.as_owner(service, statements)
        reactions = {name: made.app(name).reactions for name in made.builds}
        heard = {name: {f"{one.event.kind.type}.*" for one in own} for name, own in reactions.items()}
        await stream.renew(heard, duplicate_window=duplicate_window, ack_wait=ack_wait)
        leaving.enter_context(read_once())
        with nothing_blocks():
            for name in made.builds if start else ():
                await made.start(name)
            yield made
