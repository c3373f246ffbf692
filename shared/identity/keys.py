"""Signing keys as JWK files: made once, kept where only their owner reads them, read again at each start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from joserfc.jwk import Key


class KeyWrong(Exception):
    """A key file does not hold a key of the kind this program takes; the message names the file."""


def service_kid(service: str) -> str:
    """The key id, subject and issuer of a service's own tokens."""
    return f"service:{service}"


def new_service_key(service: str) -> OKPKey:
    """A new Ed25519 key with which `service` signs its own tokens."""
    return OKPKey.generate_key("Ed25519", {"kid": service_kid(service), "use": "sig"})


def write_private(path: Path, key: Key) -> None:
    """Keep the private key in a new file that only its owner reads; raises FileExistsError rather than replace one.

    The file is there whole or not at all, also after a crash.
    """
    unfinished = path.with_name(f"{path.name}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(key.as_dict(private=True)))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(unfinished, path)
    finally:
        unfinished.unlink()


def read_private(path: Path) -> Key:
    """The private key kept in the file; raises KeyWrong."""
    key = usable(_read(path))
    if key is None or not key.is_private:
        raise KeyWrong(f"{path.name} holds no private signing key")
    return key


def public_table(keys: Mapping[str, Key]) -> bytes:
    """The file by which services know one another: each service with its public key."""
    return msgspec.json.format(msgspec.json.encode({name: key.as_dict(private=False) for name, key in keys.items()}))


def read_public_table(path: Path) -> dict[str, Key]:
    """The public key of every service, by its name; raises KeyWrong."""
    table: dict[str, Key] = {}
    for service, jwk in _read(path).items():
        key = usable(jwk)
        if key is None or key.is_private:
            raise KeyWrong(f"{path.name} holds no public signing key for {service}")
        table[service] = key
    return table


def usable(jwk: Any) -> Key | None:
    """The key, if it is one that signatures are made or checked with here: Ed25519, or EC on P-256."""
    match jwk:
        case {"use": use} if use != "sig":
            return None
        case {"kty": "OKP", "crv": "Ed25519"}:
            kind: type[OKPKey | ECKey] = OKPKey
        case {"kty": "EC", "crv": "P-256"}:
            kind = ECKey
        case _:
            return None
    try:
        return kind.import_key(jwk)
    except (JoseError, TypeError, ValueError):
        return None


def _read(path: Path) -> dict[str, object]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except msgspec.DecodeError:
        raise KeyWrong(f"{path.name} is not a JSON object") from None
