"""Where ciphertext too large for a row is kept: an object store, a local directory or S3, by address.

An object is written once under a random name and never changed; the rows that hold it say what it is.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore import exceptions
from obstore.store import LocalStore, S3Store

from shared import logs
from shared.errors import Unavailable
from shared.settings import SettingsWrong

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from obstore.store import ObjectStore

OUT_OF_REACH = logs.event("objects.out-of-reach", "what")


class ObjectMissing(Exception):
    """There is no object of this name, though a row holds it."""


class Objects:
    """An object store. `folder` is where it lies on this machine, none when it is elsewhere."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    @classmethod
    def at(cls, url: str) -> Objects:
        """The store at `file:///folder`, made if missing, or `s3://bucket/prefix`; raises SettingsWrong.

        S3 takes its region, endpoint and credentials from AWS_* variables, and is spoken to over TLS.
        """
        parts = urlsplit(url)
        if parts.scheme == "file" and parts.path:
            folder = Path(unquote(parts.path))
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(LocalStore(folder), folder)
        if parts.scheme == "s3" and parts.netloc:
            return cls(S3Store.from_url(url))
        raise SettingsWrong("BATON_OBJECTS_URL is neither file:///folder nor s3://bucket/prefix")

    async def put(self, name: UUID, body: bytes) -> None:
        """Keep the bytes, durably; raises Unavailable."""
        try:
            await self._store.put_async(_path(name), body)
            if self._folder is not None:
                await asyncio.to_thread(_settle, self._folder / _path(name))
        except (exceptions.BaseError, OSError) as error:
            raise _unavailable("put", error) from error

    async def get(self, name: UUID) -> bytes:
        """The bytes; raises ObjectMissing, Unavailable."""
        try:
            found = await self._store.get_async(_path(name))
            return bytes(await found.bytes_async())
        except (exceptions.NotFoundError, FileNotFoundError):
            raise ObjectMissing from None
        except (exceptions.BaseError, OSError) as error:
            raise _unavailable("get", error) from error

    async def remove(self, names: Sequence[UUID]) -> None:
        """Remove the objects; one that is gone already is gone. Raises Unavailable."""
        for name in names:
            try:
                await self._store.delete_async(_path(name))
            except (exceptions.NotFoundError, FileNotFoundError):
                continue
            except (exceptions.BaseError, OSError) as error:
                raise _unavailable("remove", error) from error


def _path(name: UUID) -> str:
    return f"{name.hex[:2]}/{name.hex}"


def _settle(path: Path) -> None:
    """Have the file and its name on the disk before anything says that they are."""
    for one in (path, path.parent):
        opened = os.open(one, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _unavailable(what: str, error: Exception) -> Unavailable:
    OUT_OF_REACH.warning(error=error, what=what)
    return Unavailable(retry_after=1)
