"""Both providers of key-encryption keys, as one installation has them, with what its operators do to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from shared.sealing import KeyEncryption, KeyringFile, KeysUnreachable, keyring_file
from shared.sealing.transit import Transit
from shared.sealing.transit_http import TransitHttp
from tests.support.openbao import OpenBao, running

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 2.0


class Provider(Protocol):
    """What the fixture `provider` gives."""

    unreachable: type[Exception]

    def connect(self) -> KeyEncryption:
        """The provider as another process has it."""
        ...

    async def rotate(self) -> None:
        """Make a new current KEK."""
        ...

    async def retire(self) -> None:
        """Leave only the current KEK."""
        ...

    async def away(self) -> None:
        """Put it out of reach."""
        ...

    async def back(self) -> None:
        """Put it back."""
        ...

    async def close(self) -> None:
        """End what was connected."""
        ...


@dataclass
class InFile:
    """A keyring file."""

    path: Path
    unreachable: type[Exception] = FileNotFoundError

    def connect(self) -> KeyEncryption:
        return KeyringFile(self.path)

    async def rotate(self) -> None:
        await asyncio.to_thread(keyring_file.add, self.path, datetime.now(UTC) - timedelta(hours=2))

    async def retire(self) -> None:
        keyring = await asyncio.to_thread(keyring_file.read, self.path)
        for kek in keyring.keys.keys() - {keyring.current}:
            await asyncio.to_thread(keyring_file.retire, self.path, kek, datetime.now(UTC))

    async def away(self) -> None:
        await asyncio.to_thread(self.path.rename, self.path.with_suffix(".away"))

    async def back(self) -> None:
        await asyncio.to_thread(self.path.with_suffix(".away").rename, self.path)

    async def close(self) -> None:
        pass


@dataclass
class InTransit:
    """A key of the real server, used with a token that may do nothing else."""

    server: OpenBao
    key: str
    token_file: Path
    unreachable: type[Exception] = KeysUnreachable
    connected: list[Transit] = field(default_factory=list)

    def connect(self, *, url: str = "", seconds: float = SECONDS) -> Transit:
        http = TransitHttp(url=url or self.server.url, token_file=self.token_file, seconds=seconds)
        self.connected.append(Transit(http, self.key))
        return self.connected[-1]

    async def rotate(self) -> None:
        await self.server.admin("POST", f"transit/keys/{self.key}/rotate", {})

    async def retire(self) -> None:
        newest = (await self.server.admin("GET", f"transit/keys/{self.key}"))["data"]["latest_version"]
        await self.server.admin("POST", f"transit/keys/{self.key}/config", {"min_decryption_version": newest})

    async def away(self) -> None:
        await self.server.admin("POST", "sys/seal")

    async def back(self) -> None:
        await self.server.unseal()

    async def close(self) -> None:
        for transit in self.connected:
            await transit.close()


async def in_transit(folder: Path) -> InTransit:
    """A new key with a token of its own."""
    server = await running()
    key = await server.new_key()
    token_file = folder / "transit.token"
    await asyncio.to_thread(token_file.write_text, f"{await server.token(key)}\n")
    return InTransit(server, key, token_file)


async def in_file(folder: Path) -> InFile:
    """A new keyring."""
    await asyncio.to_thread(keyring_file.create, folder / "keyring.json", datetime.now(UTC) - timedelta(hours=4))
    return InFile(folder / "keyring.json")


MAKERS = {"keyring": in_file, "transit": in_transit}
BOTH: Sequence[str] = tuple(MAKERS)


@pytest.fixture(params=BOTH)
async def provider(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Provider]:
    """Each provider in turn."""
    made: Provider = await MAKERS[request.param](tmp_path)
    yield made
    await made.close()


@pytest.fixture
async def transit(tmp_path: Path) -> AsyncIterator[InTransit]:
    """The transit engine alone."""
    made = await in_transit(tmp_path)
    yield made
    await made.close()
