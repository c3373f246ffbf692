"""What is made before any service runs, again and again without harm: databases, tables, the stream, its consumers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import nats

from deploy import subscribers
from deploy.nats import configuration, users
from deploy.secrets import public_key, replace
from deploy.wires import DEPLOY, KEEPERS, consumers, wires
from shared import migrations, roles
from shared.inbox.provision import prepare_consumers, prepare_stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from nats.aio.client import Client

    from deploy.home import Home
    from deploy.nats import Server


async def prepare_databases(home: Home, superuser_url: str) -> None:
    """Roles, databases and tables of every service, and the addresses the services reach them by."""
    await asyncio.gather(*(_prepare(home, superuser_url, service) for service in KEEPERS))


async def _prepare(home: Home, superuser_url: str, service: str) -> None:
    passwords = roles.Passwords(owner=_password(home, f"{service}_owner"), runtime=_password(home, service))
    await roles.make_databases(superuser_url, service, passwords)
    _write_addresses(home, superuser_url, service)
    await migrate(home, superuser_url, [service])


async def migrate(home: Home, superuser_url: str, services: Iterable[str]) -> None:
    """Bring every database of the services to the newest version, as its owner; raises MigrationFailed."""
    for service in services:
        owner, (own, keys) = f"{service}_owner", roles.databases_of(service)
        for database, folders in ((own, migrations.of_service(service)), (keys, migrations.of_keystore())):
            url = roles.in_database(superuser_url, database, owner, _password(home, owner))
            await asyncio.to_thread(migrations.migrate, url, folders)


def write_nats_config(home: Home, server: Server) -> None:
    """Write the nats-server's configuration and its users."""
    replace(home.nats_config, configuration(server, home.nats_users.name).encode())
    write_nats_users(home)


def write_nats_users(home: Home) -> None:
    """Write who may sign in, from the table and the public keys of everybody in it."""
    table = wires(subscribers.read(home))
    public_keys = {user: public_key(home.nats_seed(user)) for user in table}
    replace(home.nats_users, users(table, public_keys).encode())


async def prepare_broker(home: Home, url: str, *, max_bytes: int, replicas: int = 1) -> None:
    """The stream and every durable consumer; a change of what a service reacts to changes its consumer."""
    async with signed_in(home, url, DEPLOY) as client:
        js = client.jetstream()
        await prepare_stream(js, max_bytes=max_bytes, replicas=replicas)
        await prepare_consumers(js, consumers(subscribers.read(home)))


@asynccontextmanager
async def signed_in(home: Home, url: str, user: str) -> AsyncIterator[Client]:
    """A connection as one of the NATS users that are no service."""
    client = await nats.connect(
        url,
        name=user,
        nkeys_seed_str=home.nats_seed(user).read_text(encoding="ascii"),
        inbox_prefix=f"_INBOX_{user}",
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        connect_timeout=5,
        error_cb=_raised_anyway,
    )
    try:
        yield client
    finally:
        await client.close()


async def _raised_anyway(_: Exception) -> None:
    """What goes wrong is raised where it is waited for; it needs no line of its own."""


def _write_addresses(home: Home, superuser_url: str, service: str) -> None:
    own, keys = roles.databases_of(service)
    files, password = home.service(service), _password(home, service)
    replace(files.database_url, roles.in_database(superuser_url, own, service, password).encode())
    replace(files.keystore_url, roles.in_database(superuser_url, keys, service, password).encode())


def _password(home: Home, role: str) -> str:
    return home.password(role).read_text(encoding="ascii").strip()
