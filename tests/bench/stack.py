"""The stack the bench measures: `baton up` in a home of its own, as anybody would start it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.home import Home
from deploy.stack.postgres import Postgres
from shared import roles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NO_LIMITS = {"BATON_CALLER_RATE": "100000", "BATON_CALLER_BURST": "100000"}


@dataclass(frozen=True)
class Stack:
    """A running stack."""

    url: str
    home: Home

    @property
    def _superuser(self) -> str:
        return Postgres(self.home, None).superuser_url

    @property
    def bench_url(self) -> str:
        """A database for the yardstick, on the same server."""
        return self._superuser

    @property
    def messaging_url(self) -> str:
        """Messaging's database."""
        return roles.in_database(self._superuser, "messaging")

    @property
    def nats_url(self) -> str:
        """The broker."""
        return self.home.nats_url.read_text(encoding="ascii").strip()

    @property
    def seed_file(self) -> Path:
        """The credentials of the bench's subscriber."""
        return self.home.nats_seed("bench")


@asynccontextmanager
async def bench_stack(home: Path) -> AsyncIterator[Stack]:
    """Start everything, add a subscriber of messages, and end everything afterwards."""
    port = free_port()
    environment = {**os.environ, **NO_LIMITS, "BATON_HOME": str(home), "BATON_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy", "up", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(120):
            async for line in process.stdout:
                if line.startswith(b"baton is ready"):
                    break
        reading = asyncio.create_task(process.stdout.read())
        await _command(environment, "subscriber", "add", "bench", "--filter", "care.messaging.v1.message.sent.*")
        yield Stack(f"http://127.0.0.1:{port}", Home(home))
        reading.cancel()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()


async def _command(environment: dict[str, str], *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", *words, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0, f"baton {' '.join(words)} failed"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
