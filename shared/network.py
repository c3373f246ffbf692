"""How far a connection goes: what leaves the machine or its private network is encrypted."""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qs, urlsplit

from shared.settings import SettingsWrong

VERIFIED = ("verify-full", "verify-ca")


def is_near(host: str) -> bool:
    """Loopback, a private address, or the name of a container beside this one."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


def require_https(variable: str, url: str) -> None:
    """Raise SettingsWrong for an address that is fetched in the clear from beyond the private network."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_near(parts.hostname or ""):
        raise SettingsWrong(f"{variable} must be https:// outside loopback and private networks")


def require_encryption(variable: str, database_url: str) -> None:
    """Raise SettingsWrong for a PostgreSQL address that leaves the private network without verified TLS."""
    parts = urlsplit(database_url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    hosts = query.get("host", parts.hostname or "").split(",")
    near = all(host.startswith("/") or is_near(host) for host in hosts)
    if not near and query.get("sslmode") not in VERIFIED:
        raise SettingsWrong(f"{variable} must say sslmode=verify-full outside loopback and private networks")
