"""`baton keys rotate`: new key-encryption keys for every service, with traffic flowing."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from deploy.commands import connect
from deploy.wires import KEEPERS
from shared.practice import load
from shared.sealing import Sealing, keyring_file
from shared.sealing.keyring_file import REST, KekInUse
from shared.sealing.providers import Moving, provider
from shared.sealing.rotation import count_under, keks_in_use, renew_group_keys, rewrap_patient_keys, share_group_keys
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from uuid import UUID

    from deploy.home import Home
    from shared.sealing import KeyEncryption
    from shared.sealing.transit import Transit

TRANSIT = ("URL", "KEY", "TOKEN_FILE", "MOUNT", "CA_FILE")


async def rotate(home: Home, practice: Path, *, groups_older_than: timedelta | None) -> int:
    """Make each service a new KEK and put every patient key under it; take out what nothing is under.

    The KEKs are in the transit engine of BATON_TRANSIT_URL, where one is named, else in the services' keyrings. With
    `groups_older_than`, threads and record groups whose newest key is older get another generation.
    """
    practice_id = (await asyncio.to_thread(load, practice)).id
    for service in KEEPERS:
        now = datetime.now(UTC)
        async with _sealing(home, service, practice_id) as sealing:
            await _add(sealing.keks, home.service(service).keyring, now)
            moved = await rewrap_patient_keys(sealing)
            shared = await share_group_keys(sealing)
            renewed = 0 if groups_older_than is None else await renew_group_keys(sealing, now - groups_older_than)
            retired = await _retire_unused(sealing, home.service(service).keyring, now)
        print(
            f"{service}: {moved} patient keys under a new key, {renewed + shared} groups renewed, "
            f"{retired} old keys removed"
        )
    return 0


@asynccontextmanager
async def _sealing(home: Home, service: str, practice: UUID) -> AsyncIterator[Sealing]:
    files, keks = home.service(service), provider(_settings(home, service))
    try:
        async with connect.database(files.database_url) as db, connect.database(files.keystore_url) as keystore:
            yield Sealing(service=service, practice=practice, db=db, keystore=keystore, keks=keks)
    finally:
        await keks.close()


def _settings(home: Home, service: str) -> Settings:
    """The service's own keyring, and the transit engine that this command's environment names, as operator."""
    files = home.service(service)
    given = {f"BATON_TRANSIT_{name}": os.environ.get(f"BATON_TRANSIT_{name}", "") for name in TRANSIT}
    own = dict.fromkeys(("PRACTICE_DIR", "NATS_URL", "ISSUER", "JWKS_URL"), "-")
    return Settings.from_environment(
        {
            **{f"BATON_{name}": value for name, value in own.items()},
            **{name: value for name, value in given.items() if value},
            "BATON_SERVICE": service,
            "BATON_SERVICE_KEY_FILE": str(files.key),
            "BATON_SERVICE_KEYS_FILE": str(files.keys),
            "BATON_KEYRING_FILE": str(files.keyring),
        }
    )


async def _add(keks: KeyEncryption, keyring: Path, now: datetime) -> None:
    """A new current KEK; a file that one moves away from keeps what it has."""
    if isinstance(keks, Moving):
        await keks.new.rotate()
    else:
        await asyncio.to_thread(keyring_file.add, keyring, now)


async def _retire_unused(sealing: Sealing, keyring: Path, now: datetime) -> int:
    """KEKs that nothing is under any more; what was current within the last hour stays until the next time."""
    retired = 0
    if isinstance(sealing.keks, Moving):
        retired += await _retire_versions(sealing, sealing.keks.new, now)
    for kek in (await asyncio.to_thread(keyring_file.read, keyring)).keys:
        if not await count_under(sealing, kek):
            with suppress(KekInUse):
                await asyncio.to_thread(keyring_file.retire, keyring, kek, now)
                retired += 1
    return retired


async def _retire_versions(sealing: Sealing, transit: Transit, now: datetime) -> int:
    """Have the versions older than every one that is needed open nothing any more."""
    about = await transit.about()
    used = [transit.version(kek) for kek in await keks_in_use(sealing) if transit.holds(kek)]
    oldest = min([about.latest_version, *used, *about.replaced_since(now - REST)])
    if oldest <= about.min_decryption_version:
        return 0
    await transit.retire_before(oldest)
    return oldest - about.min_decryption_version
