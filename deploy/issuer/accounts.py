"""Who may sign in, and from which apps: names and password hashes from a file, roles and teams from the practice."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from deploy.issuer.settings import is_loopback

if TYPE_CHECKING:
    from pathlib import Path

    from shared.practice import Practice


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sign-in name, whose it is, and the hash of its password (`python -m deploy.issuer.password` makes one)."""

    name: str
    person: UUID
    password: str


class App(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An app that may send people here, and where they may be sent back to.

    A redirect to a loopback address stands for that address on any port (RFC 8252, 7.3).
    """

    id: str
    name: str
    redirects: list[str]

    def takes(self, redirect: str) -> bool:
        """Whether people may be sent back there."""
        return any(redirect == known or _same_but_port(redirect, known) for known in self.redirects)


class AccountsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of `sign-in.toml`."""

    apps: list[App]
    accounts: list[Account]


@dataclass(frozen=True)
class Standing:
    """A person's roles and teams as tokens carry them."""

    roles: tuple[str, ...]
    teams: tuple[str, ...] = ()


class AccountsWrong(Exception):
    """`sign-in.toml` does not fit together; the message names the entry."""


def read(path: Path, practice: Practice) -> AccountsFile:
    """The accounts and apps; raises AccountsWrong for a name used twice or a person the practice does not have."""
    found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), AccountsFile)
    seen: set[str] = set()
    for account in found.accounts:
        if account.name in seen:
            raise AccountsWrong(f"{account.name} stands twice in {path.name}")
        if standing(practice, account.person) is None:
            raise AccountsWrong(f"{account.name} is nobody of this practice")
        seen.add(account.name)
    return found


def standing(practice: Practice, person: UUID) -> Standing | None:
    """What the practice's files say somebody is; None for who is not in them."""
    staff = practice.staff.get(person)
    if staff is not None:
        return Standing(tuple(staff.roles), tuple(staff.teams))
    if person not in practice.patients:
        return None
    is_proxy = any(person in patient.proxies for patient in practice.patients.values())
    return Standing(("patient", "proxy") if is_proxy else ("patient",))


def _same_but_port(redirect: str, known: str) -> bool:
    try:
        asked, allowed = urlsplit(redirect), urlsplit(known)
        ports = asked.port, allowed.port
    except ValueError:
        return False
    return (
        None not in (asked.hostname, allowed.hostname)
        and ports[1] is None
        and is_loopback(allowed.hostname or "")
        and (asked.scheme, asked.hostname, asked.path) == ("http", allowed.hostname, allowed.path)
        and not (asked.query or asked.fragment or asked.username or asked.password)
    )
