"""A real gateway on a real broker with production's permissions; a test brings the services it needs behind it."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import msgspec
import nats
import pytest
from nats.aio.client import Client

from baton_events import Event
from baton_events.envelope import render
from services.gateway.app import build
from services.gateway.site import GatewayGround
from shared.inbox.provision import prepare_stream
from shared.run import Running, running
from tests.support.broker import Broker
from tests.support.surroundings import Surroundings, environment


@dataclass
class Answered:
    """What the gateway answered."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of the problem; it is a problem document with its status and a sentence."""
        assert self.headers["Content-Type"] == "application/problem+json"
        problem = self.json
        assert problem["status"] == self.status
        assert problem["detail"].endswith(".")
        return str(problem["code"])


@dataclass
class Gateway:
    """A running gateway, asked over HTTP."""

    running: Running
    http: aiohttp.ClientSession
    surroundings: Surroundings
    keeper: Client
    kept: dict[str, str] = field(default_factory=dict)

    @property
    def ground(self) -> GatewayGround:
        """What it stands on."""
        assert isinstance(self.running.ground, GatewayGround)
        return self.running.ground

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.ground.port}"

    def as_(self, who: str | UUID | None, **headers: str) -> dict[str, str]:
        """The headers of somebody's request."""
        if who is None:
            return headers
        token = self.kept.setdefault(str(who), self.surroundings.token(who))
        return {"Authorization": f"Bearer {token}", **headers}

    async def send(self, method: str, path: str, *, who: str | UUID | None = "maria-lopez", **more: Any) -> Answered:
        """Send a request as somebody and read the whole answer."""
        headers = self.as_(who, **more.pop("headers", {}))
        async with self.http.request(method, self.url + path, headers=headers, **more) as answer:
            return Answered(answer.status, answer.headers, await answer.read())

    async def command(self, path: str, body: Any, *, key: str | None = None, **more: Any) -> Answered:
        """Send a command under a key of its own."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        return await self.send("POST", path, json=body, headers=headers, **more)

    async def publish(self, event: Event, sequence: int = 1) -> int:
        """Publish an event as its service's relay does, and give its place in the stream."""
        body = render(
            id=uuid4(),
            type=event.kind.type,
            entity=event.entity,
            sequence=sequence,
            time=datetime.now(UTC),
            data=msgspec.json.encode(event),
        )
        ack = await self.keeper.jetstream().publish(event.kind.subject(event.patient_id), body)
        return ack.seq


Opening = Callable[..., AbstractAsyncContextManager[Gateway]]


@pytest.fixture(scope="session")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    return Surroundings.make(tmp_path_factory.mktemp("surroundings"))


@pytest.fixture(scope="session")
def broker(surroundings: Surroundings) -> Iterator[Broker]:
    server = Broker.make(surroundings.nats_users)
    yield server
    server.remove()


@pytest.fixture
def opened(broker: Broker, surroundings: Surroundings) -> Opening:
    """Open a gateway with these settings."""
    seed = (surroundings.folder / "tests.seed").read_text()

    @asynccontextmanager
    async def open_gateway(**settings: str) -> AsyncIterator[Gateway]:
        variables = surroundings.environment("gateway", broker.url, "", "")
        variables |= {"BATON_PORT": "0"} | {f"BATON_{name.upper()}": value for name, value in settings.items()}
        keeper = await _keeper(broker, seed)
        with environment(variables):
            app = build()
        async with running(app) as service, aiohttp.ClientSession() as http:
            yield Gateway(service, http, surroundings, keeper)
        await keeper.close()

    return open_gateway


async def _keeper(broker: Broker, seed: str) -> Client:
    """A connection that may do everything, and the stream."""
    keeper = await nats.connect(broker.url, nkeys_seed_str=seed, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
    await prepare_stream(keeper.jetstream(), max_bytes=1 << 28)
    return keeper


@pytest.fixture
async def gateway(opened: Opening) -> AsyncIterator[Gateway]:
    async with opened() as found:
        yield found
