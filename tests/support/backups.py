"""A backup of one database, and the database as the backup has it."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import asyncpg

from deploy.stack.postgres import binaries
from shared import roles

if TYPE_CHECKING:
    from tests.support.postgres import Postgres


async def dump(postgres: Postgres, service: str) -> bytes:
    """The service's data, without its keystore, as pg_dump writes it."""
    own = roles.in_database(postgres.superuser_url, roles.databases_of(service)[0])
    return await asyncio.to_thread(_run, ["pg_dump", "--format=plain", own])


async def restore(postgres: Postgres, service: str, content: bytes) -> None:
    """Put the backup in place of what there is; the keystore stays as it is. Nobody may be connected."""
    database = roles.databases_of(service)[0]
    admin = await asyncpg.connect(postgres.superuser_url)
    try:
        await admin.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
        await admin.execute(f'CREATE DATABASE "{database}" TEMPLATE template0 OWNER "{service}_owner"')
        await admin.execute(f'GRANT CONNECT ON DATABASE "{database}" TO "{service}"')
    finally:
        await admin.close()
    url = roles.in_database(postgres.superuser_url, database)
    command = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--output=/dev/null", url]
    await asyncio.to_thread(_run, command, content)


def _run(command: list[str], content: bytes = b"") -> bytes:
    program = str(binaries() / command[0])
    return subprocess.run([program, *command[1:]], check=True, capture_output=True, input=content).stdout  # noqa: S603 - our own
