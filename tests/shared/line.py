"""A wire to test the bus on: a real nats-server under the generated permissions, and services' ends of it."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from deploy.nats import Server as NatsServer
from deploy.nats import configuration, users
from deploy.wires import wires
from shared import logs
from shared.bus import Bus, Server
from shared.bus.headers import request_headers
from shared.call import Call
from shared.clock import system_clock
from shared.database import Database
from shared.identity.people import Person
from shared.settings import Settings
from tests.support import processes
from tests.support.broker import Broker
from tests.support.surroundings import Surroundings

MARIA = UUID("9a71e000-0000-4000-8000-000000000001")
SOON = 2.0


@dataclass
class Line:
    """Opens services' ends of the wire and closes them when the test is over."""

    broker: Broker
    around: Surroundings
    open: AsyncExitStack
    closed: list[str] = field(default_factory=list)

    async def bus(self, service: str) -> Bus:
        """The service's end, connected with its own keys."""
        variables = self.around.environment(service, self.broker.url, "", "")
        settings = Settings.from_environment({**variables, "BATON_SERVICE": service})
        bus = await Bus.connect(settings, closed=lambda: self.closed.append(service))
        self.open.push_async_callback(bus.close)
        return bus

    async def serve(
        self,
        operations: Mapping[Any, Any],
        *,
        slots: int = 64,
        drain_seconds: float = 5.0,
        db: Database | None = None,
        bus: Bus | None = None,
    ) -> Server:
        """Serve these operations of one service with these handlers."""
        bus = bus or await self.bus(next(iter(operations)).service)
        settings = SimpleNamespace(request_slots=slots, drain_seconds=drain_seconds)
        ground: Any = SimpleNamespace(bus=bus, clock=system_clock, settings=settings, db=db)
        server = await bus.serve(ground, operations)
        self.open.push_async_callback(server.stop)
        return server

    @asynccontextmanager
    async def ops(self) -> AsyncIterator[Client]:
        """The connection of whoever operates the practice."""
        client = Client()
        seed = (self.around.folder / "ops.seed").read_text()
        await client.connect(self.broker.url, nkeys_seed_str=seed, inbox_prefix="_INBOX_ops")
        yield client
        await client.close()

    def call(self, op: Any, who: str = "maria-lopez", seconds: float = SOON) -> Call:
        """A request under way, as a handler would see it."""
        caller = Person(self.around.person(who), frozenset(), frozenset(), later(3600))
        return Call(op, caller, self.around.token(who), system_clock(), later(seconds))

    def headers(self, who: str = "maria-lopez", key: str = "", seconds: float = SOON) -> dict[str, str]:
        """What a request of this person carries."""
        return request_headers(self.around.token(who), later(seconds), key)


def later(seconds: float) -> datetime:
    """A moment from now."""
    return system_clock() + timedelta(seconds=seconds)


async def until(seen: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until something is seen."""
    async with asyncio.timeout(seconds):
        while not seen():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)


def told(message: Msg) -> dict[str, Any]:
    """A problem document, with the status and the code that its headers carry."""
    headers = message.headers or {}
    document: dict[str, Any] = msgspec.json.decode(message.data)
    assert headers["Nats-Service-Error-Code"] == str(document["status"])
    assert headers["Nats-Service-Error"] == document["code"]
    return document


@pytest.fixture(scope="session")
def around(tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    return Surroundings.make(tmp_path_factory.mktemp("around"))


@pytest.fixture(scope="session")
def nats_server(around: Surroundings) -> Iterator[Broker]:
    broker = Broker(Path(tempfile.mkdtemp(prefix="baton-line-")), processes.free_port())
    server = NatsServer(
        host="127.0.0.1", port=broker.port, store_dir=str(broker.folder / "store"), max_store_bytes=1 << 26
    )
    (broker.folder / "users.conf").write_text(users(wires(), around.nats_users))
    broker.config.write_text(configuration(server, "users.conf"))
    broker.start()
    yield broker
    broker.stop()
    shutil.rmtree(broker.folder, ignore_errors=True)


@pytest.fixture
async def line(nats_server: Broker, around: Surroundings) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        yield Line(nats_server, around, stack)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is logged during the test."""
    monkeypatch.setattr(logs, "_logger", logs._logger)
    monkeypatch.setattr(logs, "_strict", True)
    stream = io.StringIO()
    logs.configure("test", strict=True, stream=stream)
    return stream
