"""Which provider of key-encryption keys the settings name, and how one moves from one to the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shared.network import require_https
from shared.sealing.keyring import KeyringFile
from shared.sealing.transit import Transit
from shared.sealing.transit_http import TransitHttp
from shared.settings import SettingsWrong

if TYPE_CHECKING:
    from shared.sealing.keyring import KeyEncryption
    from shared.sealing.wrapping import Wrapped
    from shared.settings import Settings


class Moving:
    """New keys go under `new`; what is under `old` still opens until it has been wrapped anew."""

    def __init__(self, new: Transit, old: KeyEncryption) -> None:
        self.new = new
        self.old = old

    async def current(self) -> str:
        """The KEK that new keys go under."""
        return await self.new.current()

    async def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Put `key` under the new provider's KEK."""
        return await self.new.wrap(key, context)

    async def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The key again, from whichever provider has its KEK."""
        provider: KeyEncryption = self.new if self.new.holds(wrapped.kek) else self.old
        return await provider.unwrap(wrapped, context)

    async def rewrap(self, wrapped: Wrapped, context: bytes) -> Wrapped:
        """The same key under the new provider's KEK."""
        if self.new.holds(wrapped.kek):
            return await self.new.rewrap(wrapped, context)
        return await self.new.wrap(await self.old.unwrap(wrapped, context), context)

    async def close(self) -> None:
        """Give both back."""
        await self.new.close()
        await self.old.close()


def provider(settings: Settings) -> KeyEncryption:
    """The transit engine where one is named, else the keyring file; with both, one moves to the transit engine.

    Raises SettingsWrong.
    """
    keyring = None if settings.keyring_file == Path() else KeyringFile(settings.keyring_file)
    if settings.transit_url:
        require_https("BATON_TRANSIT_URL", settings.transit_url)
        if settings.transit_token_file == Path():
            raise SettingsWrong("BATON_TRANSIT_TOKEN_FILE is missing")
        new = transit(settings)
        return new if keyring is None else Moving(new, keyring)
    if keyring is None:
        raise SettingsWrong("BATON_KEYRING_FILE is missing")
    return keyring


def transit(settings: Settings) -> Transit:
    """The transit engine that the settings name."""
    http = TransitHttp(
        url=settings.transit_url,
        token_file=settings.transit_token_file,
        mount=settings.transit_mount,
        ca_file=settings.transit_ca_file,
        seconds=settings.transit_seconds,
    )
    return Transit(http, settings.transit_key or f"baton-{settings.service}")
