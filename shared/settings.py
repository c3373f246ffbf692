"""Settings: one frozen class a service, read from BATON_* variables; a secret may come from a file instead."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

S = TypeVar("S", bound="Settings")


class SettingsWrong(Exception):
    """A variable is missing or not of its kind; the message names it and never shows its value."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service needs to know of its surroundings. A service's own class names the service and adds to it.

    `database_url` and `keystore_url` are empty for a service that keeps nothing. Times are seconds. Key-encryption keys
    are in `keyring_file`, or in a transit engine at `transit_url` under `transit_key` (by itself `baton-<service>`).
    """

    service: str
    practice_dir: Path
    nats_url: str
    service_key_file: Path
    service_keys_file: Path
    issuer: str
    jwks_url: str
    audience: str = "baton"
    database_url: str = ""
    keystore_url: str = ""
    database_connections: int = 8
    keyring_file: Path = Path()
    transit_url: str = ""
    transit_key: str = ""
    transit_token_file: Path = Path()
    transit_mount: str = "transit"
    transit_ca_file: Path | None = None
    transit_seconds: float = 5.0
    idempotency_secret_file: Path = Path()
    nats_seed_file: Path | None = None
    nats_ca_file: Path | None = None
    ops_host: str = "127.0.0.1"
    ops_port: int = 0
    request_slots: int = 64
    drain_seconds: float = 10.0
    relay_batch: int = 64
    relay_poll_seconds: float = 1.0
    duplicate_window_seconds: float = 600.0
    inbox_batch: int = 64
    inbox_slots: int = 8
    inbox_attempts: int = 5
    inbox_put_off_seconds: float = 1.0
    deadline_batch: int = 32
    deadline_poll_seconds: float = 1.0
    reconcile_seconds: float = 60.0

    def __repr__(self) -> str:
        """Without values: URLs carry passwords."""
        return f"<{type(self).__name__} of {self.service}>"

    @property
    def keeps_records(self) -> bool:
        """Whether this service has a database of its own."""
        return bool(self.database_url)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read BATON_<FIELD>, or the content of the file named by BATON_<FIELD>_FILE; raises SettingsWrong."""
        environment = os.environ if environment is None else environment
        found: dict[str, str] = {}
        for field in msgspec.structs.fields(cls):
            value = _value(field.name, environment)
            if value is not None:
                found[field.name] = value
            elif field.required:
                raise SettingsWrong(f"{_variable(field.name)} is missing")
        return _converted(cls, found)


def _converted(cls: type[S], found: dict[str, str]) -> S:
    try:
        return msgspec.convert(found, cls, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("`$.")[2].rstrip("`")
        raise SettingsWrong(f"{_variable(field)} is not of its kind") from None


def _variable(field: str) -> str:
    return f"BATON_{field.upper()}"


def _value(field: str, environment: Mapping[str, str]) -> str | None:
    variable = _variable(field)
    if variable in environment:
        return environment[variable]
    if f"{variable}_FILE" in environment:
        return Path(environment[f"{variable}_FILE"]).read_text(encoding="utf-8").strip()
    return None


def _path(kind: type[Any], value: Any) -> Any:
    return kind(value)
