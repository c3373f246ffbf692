"""The issuer's public keys: fetched once for all who wait, kept while the issuer is away."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

import aiohttp
import msgspec

from shared import logs
from shared.errors import Unauthenticated, Unavailable
from shared.identity.keys import usable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from joserfc.jwk import Key

NOT_FETCHED = logs.event("issuer-keys.not-fetched")

FRESH_SECONDS = 600.0
UNKNOWN_SECONDS = 5.0
RETRY_SECONDS = 0.5
FETCH_SECONDS = 2.0
LARGEST = 64 * 1024


class IssuerUnavailable(Unavailable):
    """Sign-in cannot be checked right now. Nothing was done; send the same request again shortly."""

    code = "sign-in-unavailable"


class KeySetWrong(Exception):
    """What the issuer answered is not a key set with a key that can be used here."""


class Keys(Protocol):
    """Where the key of a token is found."""

    async def key(self, kid: str) -> Key:
        """The key of this id; raises Unauthenticated when there is none."""


class KnownKeys:
    """Keys that are at hand."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = {key.kid: key for key in keys}

    async def key(self, kid: str) -> Key:
        """The key of this id; raises Unauthenticated when there is none."""
        if kid not in self._keys:
            raise Unauthenticated
        return self._keys[kid]


class IssuerKeys:
    """The keys at `url` (http, https or file), by key id.

    A key id not seen before is asked for at most every 5 seconds; known keys are asked for again every 10 minutes,
    in the background, and stay known for as long as the issuer does not answer.
    """

    def __init__(self, url: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._monotonic = monotonic
        self._keys: dict[str, Key] = {}
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> Key:
        """The key of this id; raises Unauthenticated when the issuer has none, IssuerUnavailable when it is unknown."""
        known = self._keys.get(kid)
        if known is None:
            await self._look_again()
            known = self._keys.get(kid)
        elif self._monotonic() - max(self._fetched, self._tried) > FRESH_SECONDS:
            self._fetch_once()
        if known is not None:
            return known
        if not self._keys:
            raise IssuerUnavailable(retry_after=1)
        raise Unauthenticated

    async def _look_again(self) -> None:
        pause = UNKNOWN_SECONDS if self._keys else RETRY_SECONDS
        if self._fetching is not None or self._monotonic() - self._tried >= pause:
            await asyncio.shield(self._fetch_once())

    def _fetch_once(self) -> asyncio.Task[None]:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        try:
            self._keys = await fetch(self._url)
            self._fetched = self._monotonic()
        except (aiohttp.ClientError, OSError, TimeoutError, KeySetWrong) as error:
            NOT_FETCHED.warning(error=error)
        finally:
            self._tried = self._monotonic()
            self._fetching = None


async def fetch(url: str) -> dict[str, Key]:
    """The usable keys of the set at `url`; raises KeySetWrong when there is none."""
    content = await (_read(url) if url.startswith("file:") else _get(url))
    try:
        keys = msgspec.json.decode(content, type=dict[str, list[dict[str, object]]])["keys"]
    except (msgspec.DecodeError, KeyError):
        raise KeySetWrong from None
    found = {key.kid: key for jwk in keys if (key := usable(jwk)) is not None and not key.is_private and key.kid}
    if not found:
        raise KeySetWrong
    return found


async def _get(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(url, allow_redirects=False, headers={"Accept": "application/json"}) as response,
    ):
        if response.status != 200:
            raise KeySetWrong
        content = await response.content.read(LARGEST + 1)
        while len(content) <= LARGEST and not response.content.at_eof():
            content += await response.content.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise KeySetWrong
    return content


async def _read(url: str) -> bytes:
    return await asyncio.to_thread(Path(url2pathname(urlsplit(url).path)).read_bytes)
