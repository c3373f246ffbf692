import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nkeys
import pytest
from nats.aio.client import Client

from deploy.nats import Server, configuration, users
from deploy.secrets import new_seed
from deploy.wires import Subscriber, Wire, wires

NATS_SERVER = Path(sys.executable).parent / "nats-server"
NEVER_ALLOWED = "nobody.may.say.this"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Connected:
    """A signed-in user, and the subjects (in lower case) that the server refused it."""

    client: Client
    refused: set[str] = field(default_factory=set)
    said_last: asyncio.Event = field(default_factory=asyncio.Event)

    async def heard(self, error: Exception) -> None:
        _, _, quoted = str(error).partition('"')
        subject = quoted.partition('"')[0]
        if subject == NEVER_ALLOWED:
            self.said_last.set()
        else:
            self.refused.add(subject)

    async def settled(self) -> None:
        """The server works in order: once it has refused this, it has judged everything said before."""
        self.said_last.clear()
        await self.client.publish(NEVER_ALLOWED, b"")
        await asyncio.wait_for(self.said_last.wait(), 10)

    async def refused_saying(self, subjects: list[str]) -> set[str]:
        for subject in subjects:
            await self.client.publish(subject, b"")
        await self.settled()
        return {subject for subject in subjects if subject.lower() in self.refused}

    async def refused_hearing(self, subjects: list[str], queue: str = "") -> set[str]:
        for subject in subjects:
            await self.client.subscribe(subject, queue=queue)
        await self.settled()
        return {subject for subject in subjects if subject.lower() in self.refused}


@dataclass(frozen=True)
class Broker:
    """A real nats-server running the generated configuration."""

    url: str
    wires: dict[str, Wire]
    seeds: dict[str, bytes]

    @asynccontextmanager
    async def as_user(self, name: str) -> AsyncIterator[Connected]:
        connected = Connected(Client())
        await connected.client.connect(
            self.url,
            nkeys_seed_str=self.seeds[name].decode(),
            inbox_prefix=f"_INBOX_{name}",
            error_cb=connected.heard,
            allow_reconnect=False,
        )
        try:
            yield connected
        finally:
            await connected.client.close()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2) as connection:
            return connection.recv(4) == b"INFO"
    except OSError:
        return False


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("broker")
    table = wires([Subscriber(name="warehouse")])
    seeds = {name: new_seed() for name in table}
    public = {name: nkeys.from_seed(seed).public_key.decode() for name, seed in seeds.items()}
    server = Server(host="127.0.0.1", port=free_port(), store_dir=str(folder / "store"), max_store_bytes=1 << 28)
    config = folder / "nats.conf"
    config.write_text(configuration(server, "users.conf"))
    (folder / "users.conf").write_text(users(table, public))
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(  # noqa: S603 - our own server
            [NATS_SERVER, "-c", config], stderr=log
        ) as process,
    ):
        try:
            while not _answers(server.port):
                assert process.poll() is None, (folder / "log").read_text()
            yield Broker(f"nats://127.0.0.1:{server.port}", table, seeds)
        finally:
            process.terminate()
