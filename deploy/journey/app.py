"""What an app is to the gateway: somebody signed in, sending commands that survive a restart of the practice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

import aiohttp

from deploy.issuer.client import sign_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which a command is sent again under its key while the practice is restarting."""

TRY_AGAIN = frozenset({429, 502, 503, 504})


class NotHeld(Exception):
    """A step did not hold; the text says what was seen instead."""


@dataclass
class Person:
    """Somebody signed in at the gateway."""

    http: aiohttp.ClientSession
    url: str
    name: str
    id: UUID
    token: str

    @classmethod
    async def signed_in(cls, http: aiohttp.ClientSession, url: str, name: str, password: str) -> Person:
        """Sign in by the authorization code flow and ask who one is."""
        tokens = await patiently(lambda: sign_in(f"{url}/oidc", name, password))
        person = cls(http, url, name, UUID(int=0), tokens["access_token"])
        me = await person.get("/v1/me")
        person.id = UUID(me["person"])
        return person

    async def get(self, path: str, **query: object) -> dict[str, Any]:
        """Ask; raises NotHeld when the answer is not a 200."""
        return await patiently(lambda: self._send("GET", path, params={k: str(v) for k, v in query.items()}))

    async def post(self, path: str, **body: object) -> dict[str, Any]:
        """Command, under one key however often it has to be sent; raises NotHeld when it is refused."""
        key = str(uuid4())
        ask = {k: str(v) if isinstance(v, UUID) else v for k, v in body.items()}
        return await patiently(lambda: self._send("POST", path, json=ask, headers={"Idempotency-Key": key}))

    async def download(self, path: str) -> bytes:
        """A file's bytes; raises NotHeld when the answer is not a 200."""
        return await patiently(lambda: self._bytes(path))

    async def _bytes(self, path: str) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.http.get(self.url + path, headers=headers) as answer:
            if answer.status in TRY_AGAIN:
                raise aiohttp.ClientConnectionError
            if answer.status != 200:
                raise NotHeld(f"GET {path}: {answer.status}")
            return await answer.read()

    async def _send(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        async with self.http.request(method, self.url + path, headers=headers, **more) as answer:
            if answer.status in TRY_AGAIN:
                raise aiohttp.ClientConnectionError
            body = await answer.json(content_type=None)
            if answer.status >= 400:
                raise NotHeld(f"{method} {path}: {answer.status} {body.get('code', '')}")
            return dict(body)


async def patiently(send: Callable[[], Awaitable[T]]) -> T:
    """Send again, a little later each time, while the practice cannot be reached."""
    started, wait = asyncio.get_running_loop().time(), 0.1
    while True:
        try:
            return await send()
        except (aiohttp.ClientConnectionError, aiohttp.ServerTimeoutError, TimeoutError) as error:
            if asyncio.get_running_loop().time() - started > PATIENCE:
                raise NotHeld(f"the practice could not be reached for {PATIENCE:.0f} s") from error
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 2.0)
