"""Key-encryption keys in the transit engine of an OpenBao or Vault server, which never shows them to anybody."""

from __future__ import annotations

import base64

from shared.sealing.refusals import KeysMissing, SealBroken
from shared.sealing.transit_http import About, Answered, Rejected, TransitHttp
from shared.sealing.wrapping import Wrapped

VERSION = ":v"
PREFIX = b"vault:v"


class Transit:
    """A derived key of a transit engine: the context is what the key of each value is derived from.

    `kek` names key and version, as `baton-messaging:v3`.
    """

    def __init__(self, http: TransitHttp, key: str) -> None:
        self.http = http
        self.key = key

    def holds(self, kek: str) -> bool:
        """Whether the KEK of this name is a version of this key."""
        return kek.rpartition(VERSION)[0] == self.key

    async def current(self) -> str:
        """The newest version; raises KeyUnfit for a key that is not derived."""
        return self._kek((await self.about()).latest_version)

    async def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Have `key` encrypted under the newest version."""
        plain = base64.b64encode(key).decode("ascii")
        try:
            return self._wrapped(await self._ask("encrypt", context, plaintext=plain))
        except Rejected:
            raise KeysMissing from None

    async def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The key again."""
        answer = await self._ask_about("decrypt", wrapped, context)
        return base64.b64decode(answer.plaintext)

    async def rewrap(self, wrapped: Wrapped, context: bytes) -> Wrapped:
        """The same key under the newest version, without its leaving the server."""
        return self._wrapped(await self._ask_about("rewrap", wrapped, context))

    async def close(self) -> None:
        """Give the connections back."""
        await self.http.close()

    async def about(self) -> About:
        """What the server tells of the key; raises KeysMissing, KeyUnfit."""
        return await self.http.about(self.key)

    async def rotate(self) -> str:
        """Make another version the newest; for operators, a service's token should not allow it."""
        await self.http.change(f"keys/{self.key}/rotate", {})
        return await self.current()

    async def retire_before(self, version: int) -> None:
        """Have older versions open nothing any more; for operators, likewise."""
        await self.http.change(f"keys/{self.key}/config", {"min_decryption_version": version})

    async def _ask(self, verb: str, context: bytes, **fields: str) -> Answered:
        bound = base64.b64encode(context).decode("ascii")
        return await self.http.ask(f"{verb}/{self.key}", {"context": bound, **fields})

    async def _ask_about(self, verb: str, wrapped: Wrapped, context: bytes) -> Answered:
        """Ask for something of a wrapped key; raises SealBroken, or KeysMissing when its version is gone."""
        if not self.holds(wrapped.kek):
            raise KeysMissing
        if not wrapped.wrapped.startswith(_head(self.version(wrapped.kek))):
            raise SealBroken
        try:
            return await self._ask(verb, context, ciphertext=wrapped.wrapped.decode("ascii", "replace"))
        except Rejected:
            about = await self.about()
        if not about.min_decryption_version <= self.version(wrapped.kek) <= about.latest_version:
            raise KeysMissing
        raise SealBroken

    def version(self, kek: str) -> int:
        """The number of a version of this key."""
        number = kek.rpartition(VERSION)[2]
        return int(number) if number.isdecimal() else 0

    def _kek(self, version: int) -> str:
        return f"{self.key}{VERSION}{version}"

    def _wrapped(self, answer: Answered) -> Wrapped:
        sealed = answer.ciphertext.encode("ascii")
        version = sealed.removeprefix(PREFIX).partition(b":")[0]
        return Wrapped(self._kek(int(version)), sealed)


def _head(version: int) -> bytes:
    return PREFIX + str(version).encode("ascii") + b":"
