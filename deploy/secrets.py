"""Every secret of one installation, made once, each in a file only its owner can read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import nkeys

from deploy.wires import DEPLOY, KEEPERS, OPS, SERVICES
from shared.identity.keys import new_service_key, public_table, read_private, write_private
from shared.sealing import keyring_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from deploy.home import Home

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


def make_secrets(home: Home, pharmacies: Iterable[UUID], now: datetime) -> None:
    """Make what is missing and leave what there is, however often it runs."""
    for user in (*SERVICES, DEPLOY, OPS):
        make_once(home.nats_seed(user), new_seed)
    for service in SERVICES:
        _service_key(home.service(service).key, service)
    _public_tables(home)
    for service in KEEPERS:
        keyring_file.create(home.service(service).keyring, now)
        make_once(home.service(service).idempotency_secret, new_secret)
    _partner_secrets(home, pharmacies)
    for role in ("postgres", *(role for service in KEEPERS for role in (f"{service}_owner", service))):
        make_once(home.password(role), new_secret)


def new_seed() -> bytes:
    """A new NATS user's seed; its public half goes into the server's configuration."""
    seed: bytes = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
    return seed


def public_key(seed: Path) -> str:
    """The public half of a NATS user's seed."""
    key: bytes = nkeys.from_seed(seed.read_bytes().strip()).public_key
    return key.decode("ascii")


def new_secret() -> bytes:
    """256 bits, as text that needs no quoting in an address."""
    return secrets.token_urlsafe(32).encode("ascii")


def make_once(path: Path, make: Callable[[], bytes]) -> None:
    """Write what `make` gives, unless the file is there; a broken-off attempt leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    if path.exists():
        return
    fresh = _written(path, make())
    with suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()


def replace(path: Path, content: bytes) -> None:
    """Put the content in the file at once: whoever reads it finds the old or the new."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    if not path.exists() or path.read_bytes() != content:
        _written(path, content).rename(path)


def _written(path: Path, content: bytes) -> Path:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh


def _service_key(path: Path, service: str) -> None:
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        write_private(fresh, new_service_key(service))
        fresh.rename(path)


def _public_tables(home: Home) -> None:
    table = public_table({service: read_private(home.service(service).key) for service in SERVICES})
    for service in SERVICES:
        replace(home.service(service).keys, table)


def _partner_secrets(home: Home, pharmacies: Iterable[UUID]) -> None:
    """A pharmacy that is new gets a secret; the secret of one that is gone stays, for what it still sends."""
    path = home.service("pharmacy").partner_secrets
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for pharmacy in pharmacies:
        kept.setdefault(str(pharmacy), f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode('ascii')}")
    replace(path, json.dumps(kept, indent=2).encode("utf-8"))
    replace(home.service("simulator").partner_secrets, json.dumps(kept, indent=2).encode("utf-8"))
