"""Reaching a running installation: its databases as each service does, its nats-server as ops."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from nats.errors import NoServersError

from deploy import prepare
from deploy.wires import OPS
from shared.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nats.aio.client import Client

    from deploy.home import Home


class NotReachable(Exception):
    """The installation has never run, or does not run now; the message says what is missing."""


@asynccontextmanager
async def database(url_file: Path) -> AsyncIterator[Database]:
    """The database whose address is in the file; raises DatabaseUnavailable or NotReachable."""
    db = await Database.connect(_read(url_file), size=2, name="baton")
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def nats(home: Home, user: str = OPS) -> AsyncIterator[Client]:
    """The nats-server, as one of the users that are no service; raises NotReachable."""
    url = _read(home.nats_url)
    try:
        async with prepare.signed_in(home, url, user) as client:
            yield client
    except (OSError, TimeoutError, NoServersError) as error:
        raise NotReachable(
            f"No nats-server answers at {url}. Is the practice running? `baton up` starts it."
        ) from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise NotReachable(f"{file} is missing: nothing has run here yet. `baton up` starts the practice.") from None
