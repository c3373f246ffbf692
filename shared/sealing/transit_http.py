"""Talking to a transit engine over HTTP: token, time limit, and no word of either side in a log or an error."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import aiohttp
import msgspec

from shared import logs
from shared.errors import Internal
from shared.sealing.refusals import KeysMissing, KeysUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

T = TypeVar("T")

RETRY_SECONDS = 2
CONNECTIONS = 8
ATTEMPTS = 2
"""A connection kept from before may be a dead one; nothing asked here does harm when it is asked twice."""

UNREACHABLE = logs.event("keys.unreachable", "asked", "status")


class KeyUnfit(Internal):
    """Something went wrong on our side. Send the same request again; the practice has been told."""


class Rejected(Exception):
    """The server will not do it with these values: 400 or 404."""


class Answered(msgspec.Struct, frozen=True):
    """What an operation on a value gives: one of the two."""

    plaintext: str = msgspec.field(default="")
    ciphertext: str = ""

    def __repr__(self) -> str:
        """Without the key."""
        return "<answer>"


class About(msgspec.Struct, frozen=True):
    """What is known of a key; `keys` has the second since 1970 at which each version was made."""

    derived: bool
    latest_version: int
    min_decryption_version: int
    keys: dict[str, int]

    def replaced_since(self, moment: datetime) -> list[int]:
        """The versions that another one followed after that moment."""
        made = {int(version): datetime.fromtimestamp(second, UTC) for version, second in self.keys.items()}
        return [version for version in made if version + 1 in made and made[version + 1] > moment]


class _Body(msgspec.Struct, frozen=True):
    data: msgspec.Raw


class TransitHttp:
    """One transit engine. The token is read from its file whenever that has changed."""

    def __init__(
        self, *, url: str, token_file: Path, mount: str = "transit", ca_file: Path | None = None, seconds: float = 5.0
    ) -> None:
        self.base = f"{url.rstrip('/')}/v1/{mount.strip('/')}/"
        self.token_file = token_file
        self.ca_file = ca_file
        self.timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def ask(self, path: str, body: Mapping[str, object]) -> Answered:
        """An operation on a value; raises Rejected, KeysUnreachable."""
        return await self._request("POST", path, body, Answered)

    async def change(self, path: str, body: Mapping[str, object]) -> None:
        """A change of a key; raises KeysMissing, KeysUnreachable."""
        try:
            await self._request("POST", path, body, None)
        except Rejected:
            raise KeysMissing from None

    async def about(self, key: str) -> About:
        """The key; raises KeysMissing where there is none, KeyUnfit where the context would not be bound."""
        try:
            found = await self._request("GET", f"keys/{key}", None, About)
        except Rejected:
            raise KeysMissing from None
        if not found.derived:
            raise KeyUnfit
        return found

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()

    async def _request(self, method: str, path: str, body: Mapping[str, object] | None, gives: type[T] | None) -> T:
        session, asked = await self._open(), path.partition("/")[0]
        for attempt in range(1, ATTEMPTS + 1):
            headers = {"X-Vault-Token": await self._token(asked), "X-Vault-Request": "true"}
            try:
                async with session.request(
                    method,
                    self.base + path,
                    data=None if body is None else msgspec.json.encode(body),
                    headers=headers,
                    allow_redirects=False,
                ) as answer:
                    return _read(asked, answer.status, await answer.read(), gives)
            except aiohttp.ClientConnectionError as error:
                if attempt == ATTEMPTS:
                    raise _unreachable(asked, type(error).__name__) from None
            except (aiohttp.ClientError, TimeoutError) as error:
                raise _unreachable(asked, type(error).__name__) from None
        raise AssertionError("an attempt returns or raises")

    async def _token(self, asked: str) -> str:
        """The token, read again each time, since whoever renews it replaces the file."""
        try:
            return (await asyncio.to_thread(self.token_file.read_text, "ascii")).strip()
        except (OSError, UnicodeError) as error:
            raise _unreachable(asked, type(error).__name__) from None

    async def _open(self) -> aiohttp.ClientSession:
        async with self._opening:
            if self._session is None:
                secure = await asyncio.to_thread(ssl.create_default_context, cafile=self.ca_file)
                connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=secure)
                self._session = aiohttp.ClientSession(connector=connector, timeout=self.timeout, trust_env=False)
            return self._session


def _read(asked: str, status: int, body: bytes, gives: type[T] | None) -> T:
    if status in {400, 404}:
        raise Rejected
    if status not in {200, 204}:
        raise _unreachable(asked, str(status))
    if gives is None:
        return None  # type: ignore[return-value]
    try:
        return msgspec.json.decode(msgspec.json.decode(body, type=_Body).data, type=gives)
    except msgspec.MsgspecError:
        raise _unreachable(asked, "not-understood") from None


def _unreachable(asked: str, status: str) -> KeysUnreachable:
    UNREACHABLE.warning(asked=asked, status=status)
    return KeysUnreachable(retry_after=RETRY_SECONDS)
