"""Keys are rotated while messages flow: new generations of groups, new KEKs over patient keys."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from shared.database import DatabaseUnavailable
from shared.sealing import (
    KeyringFile,
    erase,
    keyring_file,
    keystore,
    rotation,
)
from shared.sealing.service import SETTLE_SECONDS
from tests.shared.safe import MESSAGE, NOW, process

if TYPE_CHECKING:
    from tests.shared.conftest import Kept


async def settle(kept: Kept) -> None:
    """Let the time pass after which a new generation seals."""
    await kept.tamper("UPDATE group_key SET made_at = made_at - make_interval(secs => $1)", SETTLE_SECONDS + 1)


async def test_a_new_generation_opens_at_once_and_seals_when_every_process_has_it(kept: Kept, keyring: Path) -> None:
    patient, group = uuid4(), uuid4()
    caching, sealing = process(kept, keyring), process(kept, keyring)
    before = await caching.keys(patient, group)
    old = before.seal(b"old", **MESSAGE)
    await sealing.add_generation(patient, group)

    unsettled = await sealing.keys(patient, group)
    assert (len(unsettled.generations), unsettled.newest) == (2, before.newest)
    assert (await caching.keys(patient, group)).open(unsettled.seal(b"between", **MESSAGE), **MESSAGE) == b"between"

    await settle(kept)
    settled = await process(kept, keyring).keys(patient, group)
    assert settled.newest != before.newest
    assert settled.open(old, **MESSAGE) == b"old"
    assert settled.open(settled.seal(b"new", **MESSAGE), **MESSAGE) == b"new"


async def test_every_old_group_gets_a_new_generation_once(kept: Kept, keyring: Path) -> None:
    sealing = process(kept, keyring)
    groups = [(uuid4(), uuid4()) for _ in range(5)]
    for patient, group in groups:
        await sealing.keys(patient, group)
    await erase(sealing, groups[0][0], NOW)
    before = datetime.now(UTC) + timedelta(seconds=1)
    assert await rotation.renew_group_keys(sealing, before) == 4
    assert await rotation.renew_group_keys(sealing, before - timedelta(hours=1)) == 0
    assert len((await process(kept, keyring).keys(*groups[1])).generations) == 2


async def test_a_new_kek_takes_over_every_key_while_messages_flow(
    kept: Kept, keyring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 7)
    writer, patients = process(kept, keyring), [uuid4() for _ in range(30)]
    groups = {patient: uuid4() for patient in patients}
    sealed = {patient: (await writer.keys(patient, groups[patient])).seal(b"text", **MESSAGE) for patient in patients}
    first = await KeyringFile(keyring).current()
    stop = asyncio.Event()

    async def traffic() -> int:
        rounds = 0
        while not stop.is_set():
            for patient in patients:
                keys = await process(kept, keyring).keys(patient, groups[patient])
                assert keys.open(sealed[patient], **MESSAGE) == b"text"
            newcomer = await writer.keys(uuid4(), uuid4())
            assert newcomer.seal(b"text", **MESSAGE)
            rounds += 1
        return rounds

    flowing = asyncio.create_task(traffic())
    second = await asyncio.to_thread(keyring_file.add, keyring, NOW + timedelta(days=90))
    moved = await rotation.rewrap_patient_keys(process(kept, keyring))
    stop.set()
    assert await flowing > 0
    assert moved >= 30
    assert await rotation.count_under(writer, first) == 0
    assert await rotation.count_under(writer, second) > 30

    await asyncio.to_thread(keyring_file.retire, keyring, first, NOW + timedelta(days=91))
    for patient in patients:
        opened = (await process(kept, keyring).keys(patient, groups[patient])).open(sealed[patient], **MESSAGE)
        assert opened == b"text"


async def test_a_rotation_broken_off_goes_on_where_it_stopped(
    kept: Kept, keyring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 4)
    sealing = process(kept, keyring)
    for _ in range(10):
        await sealing.keys(uuid4(), uuid4())
    first = await sealing.keks.current()
    await asyncio.to_thread(keyring_file.add, keyring, NOW)
    asked, rewrap = 0, keystore.rewrap

    async def fail_on_the_second(*args: Any) -> int:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise DatabaseUnavailable
        return await rewrap(*args)

    monkeypatch.setattr(keystore, "rewrap", fail_on_the_second)
    with pytest.raises(DatabaseUnavailable):
        await rotation.rewrap_patient_keys(sealing)
    assert await rotation.count_under(sealing, first) == 6
    assert await rotation.rewrap_patient_keys(sealing) == 6
    assert await rotation.count_under(sealing, first) == 0
