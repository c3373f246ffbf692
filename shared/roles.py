"""Roles and databases: what the superuser makes once for a service, before its owner migrates.

`<service>_owner` owns the service's database and its keystore; `<service>` runs in both, without DDL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import asyncpg

if TYPE_CHECKING:
    from asyncpg import Connection, Record

ROLE_EXISTS = "SELECT 1 FROM pg_roles WHERE rolname = $1"
DATABASE_EXISTS = "SELECT 1 FROM pg_database WHERE datname = $1"
LITERAL = "SELECT quote_literal($1::text)"


@dataclass(frozen=True)
class Passwords:
    """The passwords of a service's two roles; empty where the server trusts the socket."""

    owner: str = ""
    runtime: str = ""


def databases_of(service: str) -> tuple[str, str]:
    """The service's own database and its keystore."""
    return service, f"{service}_keys"


async def make_databases(superuser_url: str, service: str, passwords: Passwords | None = None) -> None:
    """Make the service's roles and databases where missing, set the passwords given, grant what the design says."""
    passwords = passwords or Passwords()
    admin = await asyncpg.connect(superuser_url)
    try:
        await _role(admin, f"{service}_owner", passwords.owner)
        await _role(admin, service, passwords.runtime)
        for database in databases_of(service):
            if not await admin.fetchval(DATABASE_EXISTS, database):
                await admin.execute(f'CREATE DATABASE "{database}" OWNER "{service}_owner"')
            await admin.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
            await admin.execute(f'GRANT CONNECT ON DATABASE "{database}" TO "{service}"')
    finally:
        await admin.close()
    for database in databases_of(service):
        await _grant(in_database(superuser_url, database), service)


async def _role(admin: Connection[Record], role: str, password: str) -> None:
    if not await admin.fetchval(ROLE_EXISTS, role):
        await admin.execute(f'CREATE ROLE "{role}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE')
    if password:
        literal = await admin.fetchval(LITERAL, password)
        await admin.execute(f'ALTER ROLE "{role}" PASSWORD {literal}')


async def _grant(database_url: str, service: str) -> None:
    admin = await asyncpg.connect(database_url)
    try:
        await admin.execute(
            f"""
            CREATE EXTENSION IF NOT EXISTS btree_gist;
            ALTER SCHEMA public OWNER TO "{service}_owner";
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            GRANT USAGE ON SCHEMA public TO "{service}";
            ALTER DEFAULT PRIVILEGES FOR ROLE "{service}_owner" IN SCHEMA public
                GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{service}";
            ALTER DEFAULT PRIVILEGES FOR ROLE "{service}_owner" IN SCHEMA public
                GRANT USAGE, SELECT ON SEQUENCES TO "{service}";
            """
        )
    finally:
        await admin.close()


def in_database(url: str, database: str, user: str = "", password: str = "") -> str:
    """The same server, another database, and another role where one is given."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    netloc = f"{user}:{password}@{place}" if user else parts.netloc
    return urlunsplit((parts.scheme, netloc, f"/{database}", parts.query, ""))
