"""`baton keys rotate`: new key-encryption keys for every service, with traffic flowing."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from deploy.commands import connect
from deploy.wires import KEEPERS
from shared.practice import load
from shared.sealing import KeyringFile, Sealing, keyring_file
from shared.sealing.keyring_file import KekInUse
from shared.sealing.rotation import count_under, renew_group_keys, rewrap_patient_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from uuid import UUID

    from deploy.home import Home


async def rotate(home: Home, practice: Path, *, groups_older_than: timedelta | None) -> int:
    """Make a new KEK in each service's keyring and put every patient key under it; take out what nothing is under.

    With `groups_older_than`, threads and record groups whose newest key is older get another generation.
    """
    practice_id = load(practice).id
    for service in KEEPERS:
        path, now = home.service(service).keyring, datetime.now(UTC)
        keyring_file.add(path, now)
        async with _sealing(home, service, practice_id) as sealing:
            moved = await rewrap_patient_keys(sealing)
            renewed = 0 if groups_older_than is None else await renew_group_keys(sealing, now - groups_older_than)
            retired = await _retire_unused(sealing, path)
        print(f"{service}: {moved} patient keys under a new key, {renewed} groups renewed, {retired} old keys removed")
    return 0


@asynccontextmanager
async def _sealing(home: Home, service: str, practice: UUID) -> AsyncIterator[Sealing]:
    files = home.service(service)
    async with connect.database(files.database_url) as db, connect.database(files.keystore_url) as keystore:
        yield Sealing(service=service, practice=practice, db=db, keystore=keystore, keks=KeyringFile(files.keyring))


async def _retire_unused(sealing: Sealing, path: Path) -> int:
    """Keys that nothing is under any more; one that was current within the last hour stays until the next time."""
    retired = 0
    for kek in keyring_file.read(path).keys:
        if not await count_under(sealing, kek):
            with suppress(KekInUse):
                keyring_file.retire(path, kek, datetime.now(UTC))
                retired += 1
    return retired
