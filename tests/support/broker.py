"""An embedded nats-server for a test worker, with JetStream in a temporary folder and a port that stays."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.nats import Server, configuration, users
from deploy.wires import Wire, wires
from tests.support import folders, processes

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Broker:
    """One server; it keeps its port and its store over a restart."""

    folder: Path
    port: int
    child: subprocess.Popen[bytes] | None = None

    @classmethod
    def make(cls, nats_users: Mapping[str, str]) -> Broker:
        """Start a server in a temporary folder, with the permissions of production and a user `tests` that may all."""
        folder, port = folders.fast("nats"), processes.free_port()
        server = Server(host="127.0.0.1", port=port, store_dir=str(folder / "store"), max_store_bytes=1 << 30)
        everything = Wire(publishes=(">",), subscribes=(">",))
        broker = cls(folder, port)
        (folder / "users.conf").write_text(users({**wires(), "tests": everything}, nats_users))
        broker.config.write_text(configuration(server, "users.conf"))
        broker.start()
        return broker

    @property
    def config(self) -> Path:
        """The server's configuration file."""
        return self.folder / "nats.conf"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, without waiting until it answers."""
        command = [str(Path(sys.executable).parent / "nats-server"), "-c", str(self.config)]
        self.child = processes.start(command, self.folder / "log")

    def stop(self) -> None:
        """End it in order."""
        if self.child is not None:
            processes.stop(self.child)

    def kill(self) -> None:
        """End it as a crash would."""
        if self.child is not None:
            processes.kill(self.child)

    def remove(self) -> None:
        """End it and remove its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def ready(self) -> None:
        """Wait until it accepts connections."""
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return
