"""An embedded PostgreSQL for a test worker: a socket in a temporary folder, a template database a service."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from deploy.stack import account
from deploy.stack.postgres import binaries
from shared import migrations, roles
from tests.support import folders, processes

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "shared_buffers": "64MB",
    "listen_addresses": "",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass
class Postgres:
    """One server. `superuser_url` reaches it; `urls(service)` gives a service's database and keystore."""

    folder: Path
    child: subprocess.Popen[bytes] | None = None
    templates: set[str] = field(default_factory=set)

    @classmethod
    def make(cls) -> Postgres:
        """Make a cluster in a temporary folder and start it."""
        server = cls(folders.fast("pg"))
        owner = account.for_postgres()
        account.give(server.folder, owner)
        subprocess.run(  # noqa: S603 - our own server
            [binaries() / "initdb", "-D", server.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"],
            check=True,
            capture_output=True,
            preexec_fn=account.becoming(owner, signal.SIGKILL),
            cwd=server.folder,
        )
        server.start()
        return server

    @property
    def data(self) -> Path:
        """Where the cluster's files are."""
        return self.folder / "data"

    @property
    def superuser_url(self) -> str:
        """The address as superuser."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start, without waiting until it answers."""
        command = [str(binaries() / "postgres"), "-D", str(self.data), "-k", str(self.folder)]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        self.child = processes.start(command, self.folder / "log", account=account.for_postgres())

    def stop(self) -> None:
        """End it in order; connections are cut."""
        if self.child is not None:
            processes.stop(self.child, signal.SIGINT)

    def kill(self) -> None:
        """End it and its backends as a crash would."""
        if self.child is not None:
            self.child.send_signal(signal.SIGQUIT)
            self.child.wait(10)

    def remove(self) -> None:
        """End it and remove its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def ready(self) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(20):
            while True:
                try:
                    await (await asyncpg.connect(self.superuser_url)).close()
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.02)
                else:
                    return

    async def fresh(self, service: str) -> tuple[str, str]:
        """New databases for the service, cloned from its migrated templates: the runtime role's two addresses."""
        await self._templates(service)
        admin = await asyncpg.connect(self.superuser_url)
        try:
            for database in roles.databases_of(service):
                await admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
                await admin.execute(f'CREATE DATABASE "{database}" TEMPLATE "{database}_template" STRATEGY FILE_COPY')
                await admin.execute(f'ALTER DATABASE "{database}" OWNER TO "{service}_owner"')
                await admin.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
                await admin.execute(f'GRANT CONNECT ON DATABASE "{database}" TO "{service}"')
        finally:
            await admin.close()
        return self.urls(service)

    def urls(self, service: str, role: str = "") -> tuple[str, str]:
        """The service's database and its keystore, as its runtime role unless another is named."""
        own, keys = roles.databases_of(service)
        role = role or service
        return roles.in_database(self.superuser_url, own, role), roles.in_database(self.superuser_url, keys, role)

    async def _templates(self, service: str) -> None:
        if service in self.templates:
            return
        await roles.make_databases(self.superuser_url, service)
        own, keys = self.urls(service, f"{service}_owner")
        await asyncio.to_thread(migrations.migrate, own, migrations.of_service(service))
        if any(folder.is_dir() for folder in migrations.of_keystore()):
            await asyncio.to_thread(migrations.migrate, keys, migrations.of_keystore())
        admin = await asyncpg.connect(self.superuser_url)
        try:
            for database in roles.databases_of(service):
                await admin.execute(f'ALTER DATABASE "{database}" RENAME TO "{database}_template"')
        finally:
            await admin.close()
        self.templates.add(service)
