"""What the sign-in service is told by its environment, and its refusal to be reached from elsewhere."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNTS = "sign-in.toml"


class NotLoopback(Exception):
    """The embedded sign-in service is for one machine; a practice that others reach brings its own provider."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`issuer` is the address in every token, also where a gateway carries it through; `folder` keeps key and state.

    Raises NotLoopback when it would listen, or be reached, beyond this machine.
    """

    issuer: str
    folder: Path
    practice_dir: Path
    accounts_file: Path
    host: str = "127.0.0.1"
    port: int = 0
    audience: str = "baton"

    def __post_init__(self) -> None:
        for host in (self.host, urlsplit(self.issuer).hostname or ""):
            if not is_loopback(host):
                raise NotLoopback(f"{host} is not a loopback address")

    @property
    def prefix(self) -> str:
        """The path under which the issuer's address lies."""
        return urlsplit(self.issuer).path.rstrip("/")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read BATON_ISSUER, BATON_AUDIENCE, BATON_PRACTICE_DIR and BATON_ISSUER_{FOLDER,ACCOUNTS_FILE,HOST,PORT}.

        A KeyError names what is missing.
        """
        environment = os.environ if environment is None else environment
        practice_dir = Path(environment["BATON_PRACTICE_DIR"])
        return cls(
            issuer=environment["BATON_ISSUER"].rstrip("/"),
            folder=Path(environment["BATON_ISSUER_FOLDER"]),
            practice_dir=practice_dir,
            accounts_file=Path(environment.get("BATON_ISSUER_ACCOUNTS_FILE", practice_dir / ACCOUNTS)),
            host=environment.get("BATON_ISSUER_HOST", "127.0.0.1"),
            port=int(environment.get("BATON_ISSUER_PORT", "0")),
            audience=environment.get("BATON_AUDIENCE", "baton"),
        )


def is_loopback(host: str) -> bool:
    """Whether the name or address never leaves this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
