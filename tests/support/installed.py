"""An installation as anybody would start it: `baton up` as a process of its own, its parts killed at will."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from deploy.home import Home
from deploy.stack.postgres import Postgres
from shared import roles
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

START_SECONDS = 150


@dataclass(frozen=True)
class Installed:
    """A running installation."""

    url: str
    home: Home
    environment: Mapping[str, str]

    @property
    def superuser_url(self) -> str:
        """Its PostgreSQL, as superuser."""
        return Postgres(self.home, None).superuser_url

    def database_url(self, database: str) -> str:
        """One of its databases, as superuser."""
        return roles.in_database(self.superuser_url, database)

    @property
    def nats_url(self) -> str:
        """Its broker."""
        return self.home.nats_url.read_text(encoding="ascii").strip()

    def pid(self, part: str) -> int:
        """The process that is the part at this moment."""
        noted = json.loads((self.home.run / f"{part}.process").read_text(encoding="ascii"))
        return int(noted["pid"])

    def kill(self, part: str) -> None:
        """Kill the part's process as the kernel would, leaving it no time for anything."""
        os.kill(self.pid(part), signal.SIGKILL)

    async def connect(self, database: str) -> asyncpg.Connection[asyncpg.Record]:
        """A connection as superuser, once PostgreSQL answers."""
        async with asyncio.timeout(60):
            while True:
                with suppress(OSError, asyncpg.PostgresError):
                    return await asyncpg.connect(self.database_url(database))
                await asyncio.sleep(0.1)

    async def command(self, *words: str) -> tuple[int, str]:
        """Run `baton` with these words; gives its status and what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "deploy.cli",
            *words,
            env=dict(self.environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode()


@asynccontextmanager
async def installed(home: Path, **variables: str) -> AsyncIterator[Installed]:
    """Start everything on this home and wait until it is ready; Ctrl-C afterwards, which must end everything."""
    port = free_port()
    environment = {**os.environ, **variables, "BATON_HOME": str(home), "BATON_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.cli",
        "up",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said: list[bytes] = []
    try:
        async with asyncio.timeout(START_SECONDS):
            async for line in process.stdout:
                said.append(line)
                if line.startswith(f"baton is ready: http://127.0.0.1:{port}".encode()):
                    break
            else:
                raise AssertionError(b"".join(said).decode())
        draining = asyncio.create_task(process.stdout.read())
        yield Installed(f"http://127.0.0.1:{port}", Home(home), environment)
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 60)
        await draining
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 60)
        if process.returncode is None:
            process.kill()
            await process.wait()
