"""A real gateway, asked over HTTP, with the real services behind it that a test names; the others are away."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import aiohttp
import msgspec
import pytest

from baton_events import Event
from baton_events.envelope import render
from services.gateway.door import Door
from services.gateway.site import GatewayGround
from tests.support.stack import Open, Stack


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
    """A running gateway."""

    stack: Stack
    http: aiohttp.ClientSession
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def ground(self) -> GatewayGround:
        """What it stands on."""
        ground = self.stack.services["gateway"].ground
        assert isinstance(ground, GatewayGround)
        return ground

    @property
    def door(self) -> Door:
        """Its door."""
        return self.ground.door

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.ground.port}"

    def as_(self, who: str | UUID | None, **headers: str) -> dict[str, str]:
        """The headers of somebody's request."""
        if who is None:
            return headers
        token = self.tokens.setdefault(str(who), self.stack.token(who))
        return {"Authorization": f"Bearer {token}", **headers}

    async def send(self, method: str, path: str, *, who: str | UUID | None = "maria-lopez", **more: Any) -> Answered:
        """Send a request as somebody and read the whole answer."""
        headers = self.as_(who, **more.pop("headers", {}))
        async with self.http.request(method, self.url + path, headers=headers, **more) as answer:
            return Answered(answer.status, answer.headers, await answer.read())

    async def get(self, path: str, **more: Any) -> Answered:
        """Ask."""
        return await self.send("GET", path, **more)

    async def command(self, path: str, body: Any, *, key: str | None = None, **more: Any) -> Answered:
        """Send a command, under a key of its own unless one is given."""
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
        subject = event.kind.subject(event.patient_id)
        ack = await self.stack.stream.client.jetstream().publish(subject, body)
        return ack.seq


class Opening(Protocol):
    """Opens a gateway with services behind it and with these settings."""

    def __call__(self, *services: str, **settings: str) -> AbstractAsyncContextManager[Gateway]: ...


@pytest.fixture
def opened(stack: Open, tmp_path: Path) -> Opening:
    """`async with opened("directory", caller_rate="5") as gateway:`."""
    nobodys_secrets = tmp_path / "partners.json"
    nobodys_secrets.write_text("{}")

    @asynccontextmanager
    async def open_gateway(*services: str, **settings: str) -> AsyncIterator[Gateway]:
        variables = {"BATON_PORT": "0", "BATON_PARTNER_SECRETS_FILE": str(nobodys_secrets)}
        variables |= {f"BATON_{name.upper()}": value for name, value in settings.items()}
        async with stack(*services, "gateway", variables=variables) as behind, aiohttp.ClientSession() as http:
            yield Gateway(behind, http)

    return open_gateway


@pytest.fixture
async def gateway(opened: Opening) -> AsyncIterator[Gateway]:
    """A gateway with nothing behind it."""
    async with opened() as found:
        yield found
