"""The real OpenBao server, in memory, on a port of its own: transit keys, tokens that may only use them."""

from __future__ import annotations

import asyncio
import atexit
import secrets
import shutil
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import aiohttp

from tests.support import folders, processes

if TYPE_CHECKING:
    import subprocess

POLICY = """
path "transit/encrypt/{key}" {{ capabilities = ["update"] }}
path "transit/decrypt/{key}" {{ capabilities = ["update"] }}
path "transit/rewrap/{key}" {{ capabilities = ["update"] }}
path "transit/keys/{key}" {{ capabilities = ["read"] }}
"""
"""What a service needs, as docs/operations.md gives it."""

STARTS_WITHIN_SECONDS = 20


@dataclass
class OpenBao:
    """One server; what it keeps is gone when it ends."""

    folder: Path
    port: int = field(default_factory=processes.free_port)
    root: str = field(default_factory=lambda: secrets.token_hex(16))
    child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it with a transit engine, and wait until it answers."""
        command = [str(Path(sys.executable).parent / "bao"), "server", "-dev", "-dev-no-store-token"]
        command += [f"-dev-root-token-id={self.root}", f"-dev-listen-address=127.0.0.1:{self.port}"]
        self.child = processes.start(command, self.folder / "log", variables={"HOME": str(self.folder)})
        async with asyncio.timeout(STARTS_WITHIN_SECONDS), aiohttp.ClientSession() as http:
            while not await _answers(http, self.url):  # noqa: ASYNC110 - another process's state
                await asyncio.sleep(0.02)
        await self.admin("POST", "sys/mounts/transit", {"type": "transit"})

    def stop(self) -> None:
        """End it; another `start` begins with nothing."""
        if self.child is not None:
            processes.stop(self.child)
            self.child = None

    def remove(self) -> None:
        """End it and remove its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def admin(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What an operator asks; raises for anything but success."""
        headers = {"X-Vault-Token": self.root}
        async with (
            aiohttp.ClientSession(raise_for_status=True) as http,
            http.request(method, f"{self.url}/v1/{path}", json=body, headers=headers) as answer,
        ):
            return await answer.json() if answer.status == 200 else None

    async def unseal(self) -> None:
        """Open it again after it was sealed."""
        said = await asyncio.to_thread((self.folder / "log").read_text)
        key = said.rpartition("Unseal Key: ")[2].partition("\n")[0].strip()
        await self.admin("POST", "sys/unseal", {"key": key})

    async def new_key(self, *, derived: bool = True) -> str:
        """A key of its own for a test."""
        key = f"baton-{uuid4().hex}"
        await self.admin("POST", f"transit/keys/{key}", {"type": "aes256-gcm96", "derived": derived})
        return key

    async def token(self, key: str) -> str:
        """A token that may use the key and do nothing else."""
        await self.admin("POST", f"sys/policies/acl/{key}", {"policy": POLICY.format(key=key)})
        made = await self.admin("POST", "auth/token/create", {"policies": [key], "no_default_policy": True})
        token: str = made["auth"]["client_token"]
        return token


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(f"{url}/v1/sys/health") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


@cache
def openbao() -> OpenBao:
    """The worker's server; `running` starts it when it is first asked for."""
    server = OpenBao(folders.new("bao"))
    atexit.register(server.remove)
    return server


async def running() -> OpenBao:
    """The worker's server, at work."""
    server = openbao()
    if server.child is None or server.child.poll() is not None:
        await server.start()
    return server
