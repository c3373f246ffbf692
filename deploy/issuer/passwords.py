"""Passwords: Argon2id hashes, checked a few at a time, and a name that fails too often has to wait."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from cachetools import TTLCache
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 200
MEMORY_KIBIBYTES = 19 * 1024
FAILURES = 5
WAIT_SECONDS = 300
CHECKED_AT_ONCE = 2
WAITING_AT_MOST = 256


class TooManyFailures(Exception):
    """This name failed too often, or too many are being checked; wait before trying again."""


def hashed(password: str) -> str:
    """The hash to keep, in PHC string format."""
    return Argon2id(
        salt=os.urandom(16), length=32, iterations=2, lanes=1, memory_cost=MEMORY_KIBIBYTES
    ).derive_phc_encoded(password.encode())


def matches(password: str, kept: str) -> bool:
    """Whether the password is the one whose hash is kept."""
    try:
        Argon2id.verify_phc_encoded(password.encode(), kept)
    except InvalidKey:
        return False
    return True


class Passwords:
    """Checks passwords off the event loop and counts failures by name, known here or not."""

    def __init__(self, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._failures: TTLCache[str, int] = TTLCache(10_000, WAIT_SECONDS, timer=timer)
        self._slots = asyncio.Semaphore(CHECKED_AT_ONCE)
        self._waiting = 0
        self._nobodys = hashed(os.urandom(16).hex())

    async def right(self, name: str, password: str, kept: str | None) -> bool:
        """Whether it is the right password; a name nobody has takes as long. Raises TooManyFailures."""
        if self._waiting >= WAITING_AT_MOST:
            raise TooManyFailures
        self._waiting += 1
        try:
            async with self._slots:
                return await self._checked(name, password[:LONGEST], kept)
        finally:
            self._waiting -= 1

    async def _checked(self, name: str, password: str, kept: str | None) -> bool:
        """Failures are looked at when the turn comes, so that asking many times at once is no way around them."""
        if self._failures.get(name, 0) >= FAILURES:
            raise TooManyFailures
        if await asyncio.to_thread(matches, password, kept or self._nobodys) and kept is not None:
            self._failures.pop(name, None)
            return True
        self._failures[name] = self._failures.get(name, 0) + 1
        return False

    async def hashed(self, password: str) -> str:
        """The hash to keep, made off the event loop."""
        async with self._slots:
            return await asyncio.to_thread(hashed, password)
