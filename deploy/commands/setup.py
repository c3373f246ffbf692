"""`baton secrets`, `setup`, `migrate`, `nats-config`: an installation prepared on servers that somebody else runs."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from deploy import prepare, secrets
from deploy.home import practice_dir
from deploy.nats import STORE_MARGIN, Server
from deploy.wires import KEEPERS
from shared.practice import load

if TYPE_CHECKING:
    from deploy.home import Home

STREAM_BYTES = 8 * 1024**3
READABLE_BY_OTHERS = 0o644


def make_secrets(home: Home) -> int:
    """Every secret, and the nats-server's configuration; needs no server.

    The superuser's password is also put into a folder of its own, for PostgreSQL's container, which reads it under
    an account of its own.
    """
    secrets.make_secrets(home, load(practice_dir()).pharmacies, datetime.now(UTC))
    prepare.write_nats_config(home, _nats_server(home))
    secrets.replace(home.nats_url, _nats_url(home).encode())
    password = home.postgres_server_password
    secrets.replace(password, home.password("postgres").read_bytes())
    password.chmod(READABLE_BY_OTHERS)
    return 0


async def setup(home: Home) -> int:
    """Databases, tables, stream and consumers, on the servers of BATON_POSTGRES_URL and BATON_NATS_URL."""
    await prepare.prepare_databases(home, superuser_url(home))
    await prepare.prepare_broker(
        home, _nats_url(home), max_bytes=_stream_bytes(), replicas=int(os.environ.get("BATON_STREAM_REPLICAS", "1"))
    )
    return 0


async def migrate(home: Home) -> int:
    """Every database to the newest version."""
    await prepare.migrate(home, superuser_url(home), KEEPERS)
    print(f"{len(KEEPERS)} services' databases and keystores are up to date.")
    return 0


def print_nats_config(home: Home, *, users: bool) -> int:
    """The configuration, or the users it includes; secrets that are missing are made."""
    secrets.make_secrets(home, load(practice_dir()).pharmacies, datetime.now(UTC))
    if not home.nats_config.exists():
        prepare.write_nats_config(home, _nats_server(home))
    prepare.write_nats_users(home)
    print((home.nats_users if users else home.nats_config).read_text(encoding="utf-8"), end="")
    return 0


def superuser_url(home: Home) -> str:
    """BATON_POSTGRES_URL with the superuser's password put in, or the embedded server."""
    url = os.environ.get("BATON_POSTGRES_URL")
    if not url:
        from deploy.stack.postgres import Postgres  # what embeds PostgreSQL is not in the image

        return Postgres(home, None).superuser_url
    parts = urlsplit(url)
    password = home.password("postgres").read_text(encoding="ascii").strip()
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{password}@{parts.netloc.rpartition('@')[2]}"))


def _nats_url(home: Home) -> str:
    url = os.environ.get("BATON_NATS_URL")
    return url or home.nats_url.read_text(encoding="ascii").strip()


def _nats_server(home: Home) -> Server:
    return Server(
        host="0.0.0.0",  # noqa: S104 - in a container's own network
        port=4222,
        store_dir=str(home.root / "nats" / "store"),
        max_store_bytes=_stream_bytes() + STORE_MARGIN,
        monitor_host="0.0.0.0",  # noqa: S104 - likewise
        monitor=8222,
    )


def _stream_bytes() -> int:
    return int(os.environ.get("BATON_STREAM_BYTES", STREAM_BYTES))
