"""The bus: requests between services over NATS, asked under somebody's authority and answered before a deadline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from shared.bus import call as calls
from shared.bus.call import NoAnswer, Reply
from shared.bus.connection import connect
from shared.bus.headers import DEADLINE, request_headers, traced
from shared.bus.problems import MEDIA_TYPE, problem, refusal_of
from shared.bus.serve import Server
from shared.clock import system_clock
from shared.identity.jwks import IssuerKeys
from shared.identity.keys import read_private, read_public_table
from shared.identity.service_tokens import ServiceTokens
from shared.identity.tokens import Verifier
from shared.requests import Answer, Ask, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any
    from uuid import UUID

    from nats.aio.client import Client
    from nats.js import JetStreamContext

    from shared.app import Ground, Handler
    from shared.call import Call
    from shared.clock import Clock
    from shared.settings import Settings

Q = TypeVar("Q", bound=Ask)
A = TypeVar("A", bound=Answer)

__all__ = ["MEDIA_TYPE", "Bus", "NoAnswer", "Reply", "Server", "problem", "refusal_of"]


@dataclass(frozen=True, kw_only=True)
class Bus:
    """One service's end of the wire. Deadlines and tokens go by the machine's clock, which other processes share."""

    service: str
    nats: Client
    js: JetStreamContext
    verifier: Verifier
    tokens: ServiceTokens
    secret: bytes = b""
    clock: Clock = system_clock

    @classmethod
    async def connect(cls, settings: Settings, *, closed: Callable[[], None]) -> Bus:
        """Read the service's keys and connect; `closed` is called when the connection has ended for good."""
        own_key = await asyncio.to_thread(read_private, settings.service_key_file)
        service_keys = await asyncio.to_thread(read_public_table, settings.service_keys_file)
        nats = await connect(
            url=settings.nats_url,
            service=settings.service,
            closed=closed,
            seed_file=settings.nats_seed_file,
            ca_file=settings.nats_ca_file,
        )
        return cls(
            service=settings.service,
            nats=nats,
            js=nats.jetstream(),
            verifier=Verifier(
                service=settings.service,
                issuer=settings.issuer,
                audience=settings.audience,
                issuer_keys=IssuerKeys(settings.jwks_url),
                service_keys=service_keys,
            ),
            tokens=ServiceTokens(settings.service, own_key),
            secret=await asyncio.to_thread(_secret, settings.idempotency_secret_file),
        )

    async def call(self, op: Operation[Q, A], ask: Q, *, behalf: Call, key: str = "") -> A:
        """Ask within the request `behalf`, as its caller and until its deadline; raises the refusal that came."""
        headers = request_headers(behalf.token, behalf.deadline, key)
        seconds = (behalf.deadline - self.clock()).total_seconds()
        return await self._ask(op, ask, headers, seconds, key)

    async def call_as_self(
        self, op: Operation[Q, A], ask: Q, *, cause: UUID | None, key: str = "", seconds: float = 2.0
    ) -> A:
        """Ask as this service, because of the event `cause`; raises the refusal that came."""
        token = self.tokens.token(op.service, cause)
        headers = request_headers(token, self.clock() + timedelta(seconds=seconds), key)
        return await self._ask(op, ask, headers, seconds, key)

    async def _ask(self, op: Operation[Q, A], ask: Q, headers: dict[str, str], seconds: float, key: str) -> A:
        assert key or not op.command, "a command carries an Idempotency-Key"
        return await calls.ask(self.nats, op, msgspec.json.encode(ask), headers, seconds)

    async def forward(self, op: Operation[Any, Any], body: bytes, headers: Mapping[str, str], seconds: float) -> Reply:
        """Pass a request on as it came, and give its answer as it came; raises Unavailable when none does."""
        until = int((self.clock().timestamp() + seconds) * 1000)
        passed_on = traced({**headers, DEADLINE: str(until)})
        return await calls.forward(self.nats, op, body, passed_on, seconds)

    async def serve(self, ground: Ground, operations: Mapping[Operation[Any, Any], Handler]) -> Server:
        """Answer these operations until the server is stopped."""
        server = Server(self, ground, operations)
        await server.start()
        return server

    async def close(self) -> None:
        """Send what is left and leave; `closed` is called."""
        if not self.nats.is_closed:
            await self.nats.close()


def _secret(path: Path) -> bytes:
    return b"" if path == Path() else path.read_bytes().strip()
