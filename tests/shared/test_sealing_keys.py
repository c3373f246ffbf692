"""Keys are made once by whoever is first, kept in memory for a while, and open only what is theirs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from shared.sealing import (
    GroupKeys,
    SealBroken,
)
from shared.sealing.service import CACHE_SECONDS
from tests.shared.safe import MESSAGE, process

if TYPE_CHECKING:
    from tests.shared.conftest import Kept


async def test_what_one_process_seals_another_opens(kept: Kept, keyring: Path) -> None:
    patient, group = uuid4(), uuid4()
    sealed = (await process(kept, keyring).keys(patient, group)).seal(b"hello", **MESSAGE)
    assert (await process(kept, keyring).keys(patient, group)).open(sealed, **MESSAGE) == b"hello"


async def test_many_processes_make_one_key(kept: Kept, keyring: Path) -> None:
    patient, group = uuid4(), uuid4()
    found = await asyncio.gather(*(process(kept, keyring).keys(patient, group) for _ in range(12)))
    assert len({keys.newest for keys in found}) == 1
    assert len({tuple(keys.generations.items()) for keys in found}) == 1


async def test_groups_of_one_patient_made_at_once_share_the_patient_key(kept: Kept, keyring: Path) -> None:
    patient, groups = uuid4(), [uuid4() for _ in range(12)]
    made = await asyncio.gather(*(process(kept, keyring).keys(patient, group) for group in groups))
    for keys in made:
        sealed = keys.seal(b"mine", **MESSAGE)
        again = await process(kept, keyring).keys(patient, keys.group)
        assert again.open(sealed, **MESSAGE) == b"mine"


async def test_a_group_does_not_open_another_groups_values(kept: Kept, keyring: Path) -> None:
    sealing, patient = process(kept, keyring), uuid4()
    sealed = (await sealing.keys(patient, uuid4())).seal(b"private", **MESSAGE)
    with pytest.raises(SealBroken):
        (await sealing.keys(patient, uuid4())).open(sealed, **MESSAGE)


async def test_those_who_ask_at_once_wait_for_one_answer(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    asked = [asyncio.create_task(sealing.keys(patient, group)) for _ in range(50)]
    await asyncio.sleep(0)
    assert len(sealing.unwrapped.flights) == 1
    asked[0].cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert len({id(keys) for keys in found[1:]}) == 1
    assert not sealing.unwrapped.flights


async def test_keys_are_kept_in_memory_no_longer_than_allowed(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    now = 0.0
    sealing.unwrapped.monotonic = lambda: now
    first = await sealing.keys(patient, group)
    now = CACHE_SECONDS - 1
    assert await sealing.keys(patient, group) is first
    now = CACHE_SECONDS
    assert await sealing.keys(patient, group) is not first


async def test_no_more_keys_are_kept_in_memory_than_allowed(kept: Kept, keyring: Path) -> None:
    sealing, patient, groups = process(kept, keyring), uuid4(), [uuid4() for _ in range(5)]
    sealing.unwrapped.size = 3
    for group in groups[:3]:
        await sealing.keys(patient, group)
    await sealing.keys(patient, groups[0])
    await sealing.keys(patient, groups[3])
    assert [group for _, group in sealing.unwrapped.kept] == [groups[2], groups[0], groups[3]]


async def test_a_failure_is_told_to_all_and_not_kept(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    away = keyring.with_suffix(".away")
    await asyncio.to_thread(keyring.rename, away)
    told = await asyncio.gather(*(sealing.keys(patient, group) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in told] == [FileNotFoundError] * 3
    await asyncio.to_thread(away.rename, keyring)
    assert await sealing.keys(patient, group)


async def test_a_key_wrapped_for_one_patient_does_not_open_as_anothers(kept: Kept, keyring: Path) -> None:
    sealing, one, other, group = process(kept, keyring), uuid4(), uuid4(), uuid4()
    await sealing.keys(one, group)
    await sealing.keys(other, group)
    await kept.tamper(
        "UPDATE patient_key SET wrapped = (SELECT wrapped FROM patient_key WHERE patient = $1) WHERE patient = $2",
        one,
        other,
        keystore=True,
    )
    for asked in (group, uuid4()):
        with pytest.raises(SealBroken):
            await process(kept, keyring).keys(other, asked)


async def test_no_key_stands_unwrapped_in_a_table(kept: Kept, keyring: Path) -> None:
    keys: GroupKeys = await process(kept, keyring).keys(uuid4(), uuid4())
    admin = await kept.admin()
    row = await admin.fetchrow("SELECT id, wrapped FROM group_key")
    await admin.close()
    assert row is not None
    assert keys.newest == UUID(str(row["id"]))
    assert keys.generations[keys.newest.bytes] not in row["wrapped"]
    assert len(row["wrapped"]) == 2 * (24 + 32 + 16) + 32
