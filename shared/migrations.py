"""Migrations: plain SQL run by dbmate as a service's owner role, the shared tables first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent


class MigrationFailed(Exception):
    """dbmate refused; its own message says which file and why."""


def of_service(service: str) -> list[Path]:
    """The folders that make up a service's database, in order."""
    return [ROOT / "shared" / "migrations", ROOT / "services" / service / "migrations"]


def of_keystore() -> list[Path]:
    """The folders that make up a keystore database."""
    return [ROOT / "shared" / "sealing" / "migrations"]


def migrate(owner_url: str, folders: list[Path]) -> None:
    """Bring the database to the newest version; runs that overlap wait for each other. Raises MigrationFailed."""
    command = [str(_dbmate()), "--url", for_dbmate(owner_url), "--no-dump-schema", "--migration-lock"]
    for folder in folders:
        if folder.is_dir():
            command += ["--migrations-dir", str(folder)]
    ran = subprocess.run(  # noqa: S603 - our own dbmate, and addresses from the settings
        [*command, "migrate"], check=False, capture_output=True, text=True
    )
    if ran.returncode:
        raise MigrationFailed(ran.stderr.strip() or ran.stdout.strip())


def for_dbmate(url: str) -> str:
    """The same address in the words of dbmate's driver: a socket folder is `socket`, TLS is off unless asked for."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if query.get("host", "").startswith("/"):
        query["socket"] = query.pop("host")
    query.setdefault("sslmode", "disable")
    return urlunsplit(("postgres", parts.netloc, parts.path, urlencode(query, safe="/"), ""))


def _dbmate() -> Path:
    return Path(sys.executable).parent / "dbmate"
