"""Key-encryption keys: what a provider of them does, and the provider that keeps them in a file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from shared.sealing import keyring_file, wrapping
from shared.sealing.refusals import KeysMissing
from shared.sealing.wrapping import Wrapped

if TYPE_CHECKING:
    from pathlib import Path

    from shared.sealing.keyring_file import Keyring

    Stamp = tuple[int, int, int]


class KeyEncryption(Protocol):
    """A provider of KEKs: a file here, a transit engine there. One out of reach raises KeysUnreachable."""

    async def current(self) -> str:
        """The KEK that new keys go under, as of now."""
        ...

    async def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Put `key` under the current KEK, bound to `context`."""
        ...

    async def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The key again; raises SealBroken for another context, KeysMissing when the KEK is gone."""
        ...

    async def rewrap(self, wrapped: Wrapped, context: bytes) -> Wrapped:
        """The same key under the current KEK; raises as `unwrap` does."""
        ...

    async def close(self) -> None:
        """Give back what the provider holds."""
        ...


class KeyringFile:
    """KEKs in a JSON file (see `keyring_file`), read again when it has changed, so that rotation needs no restart."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: tuple[Stamp, Keyring] | None = None

    async def current(self) -> str:
        """The KEK that new keys go under, as the file has it now."""
        return (await self._fresh()).current

    async def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Put `key` under the file's current KEK."""
        keyring = await self._fresh()
        return Wrapped(keyring.current, wrapping.wrap(key, keyring.keys[keyring.current], context))

    async def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The key again; a KEK not seen yet is looked for in the file."""
        keyring = self.seen[1] if self.seen and wrapped.kek in self.seen[1].keys else await self._fresh()
        if wrapped.kek not in keyring.keys:
            raise KeysMissing
        return wrapping.unwrap(wrapped.wrapped, keyring.keys[wrapped.kek], context)

    async def rewrap(self, wrapped: Wrapped, context: bytes) -> Wrapped:
        """The same key under the file's current KEK."""
        return await self.wrap(await self.unwrap(wrapped, context), context)

    async def close(self) -> None:
        """Nothing is held."""

    async def _fresh(self) -> Keyring:
        return await asyncio.to_thread(self._read)

    def _read(self) -> Keyring:
        status = self.path.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        seen = self.seen
        if seen is None or seen[0] != stamp:
            self.seen = seen = (stamp, keyring_file.read(self.path))
        return seen[1]
