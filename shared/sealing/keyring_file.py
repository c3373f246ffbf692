"""The keyring file: every KEK by its id, and which of them is current. Only its owner may read it (mode 0600)."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from shared.sealing import cipher

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REST = timedelta(hours=1)
"""How long a KEK stays after the next one came, for processes that were about to use it."""


class KeyringUnsafe(Exception):
    """Others than its owner and group can read the keyring file, or its group can change it: set its mode to 0600."""

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.__doc__}"


class KekInUse(Exception):
    """The KEK is current, was so until lately, or is not in the keyring: it cannot be retired."""


class Kek(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key-encryption key of 32 bytes."""

    id: str
    made_at: datetime
    key: bytes


class Contents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file holds, oldest KEK first."""

    current: str
    keks: list[Kek]


@dataclass(frozen=True)
class Keyring:
    """The KEKs, ready for use."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)


def read(path: Path) -> Keyring:
    """The keyring as it stands in the file; raises KeyringUnsafe when it is open to others."""
    contents = _contents(path)
    return Keyring(contents.current, {kek.id: kek.key for kek in contents.keks})


def create(path: Path, now: datetime) -> str:
    """Make a keyring with one KEK, unless there is one; give the current KEK's id."""
    with _locked(path):
        if path.exists():
            return _contents(path).current
        kek = _new(now)
        _write(path, Contents(current=kek.id, keks=[kek]))
        return kek.id


def add(path: Path, now: datetime) -> str:
    """Make a new KEK the current one and give its id; the others stay for what is still under them."""
    with _locked(path):
        contents = _contents(path)
        kek = _new(now)
        _write(path, Contents(current=kek.id, keks=[*contents.keks, kek]))
        return kek.id


def retire(path: Path, kek: str, now: datetime) -> None:
    """Take out a KEK that nothing is under any more (see `rotation.count_under`); raises KekInUse."""
    with _locked(path):
        contents = _contents(path)
        left = [entry for entry in contents.keks if entry.id != kek]
        if kek == contents.current or len(left) == len(contents.keks):
            raise KekInUse
        names = [entry.id for entry in contents.keks]
        if any(later.made_at > now - REST for later in contents.keks[names.index(kek) + 1 :][:1]):
            raise KekInUse
        _write(path, Contents(current=contents.current, keks=left))


def _new(now: datetime) -> Kek:
    return Kek(id=str(uuid4()), made_at=now.astimezone(UTC), key=cipher.new_key())


def _contents(path: Path) -> Contents:
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXO | stat.S_IWGRP):
        raise KeyringUnsafe(path)
    contents = msgspec.json.decode(path.read_bytes(), type=Contents)
    if contents.current not in {kek.id for kek in contents.keks}:
        raise msgspec.ValidationError("current: not the id of any of `keks`")
    return contents


def _write(path: Path, contents: Contents) -> None:
    """Replace the file at once: whoever reads it finds the old keyring or the new one, also after a power cut."""
    fresh = path.with_name(f".{path.name}.{uuid4()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(contents)))
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
