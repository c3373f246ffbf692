"""Keys over their life: made once by whoever is first, kept for a while, rotated in traffic, destroyed for ever."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from shared.database import DatabaseUnavailable
from shared.sealing import (
    GroupKeys,
    KeyringFile,
    KeysMissing,
    Kind,
    PatientErased,
    SealBroken,
    Sealing,
    erase,
    keyring_file,
    mark_erased,
    refuse_erased,
    rotation,
    store,
)
from shared.sealing.service import CACHE_SECONDS, SETTLE_SECONDS

if TYPE_CHECKING:
    from tests.shared.conftest import Kept

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PRACTICE = uuid4()
MESSAGE: dict[str, Any] = {"kind": Kind.MESSAGE, "object": uuid4(), "author": uuid4(), "sequence": 1}


@pytest.fixture
def keyring(tmp_path: Path) -> Path:
    keyring_file.create(tmp_path / "keyring.json", NOW)
    return tmp_path / "keyring.json"


def process(kept: Kept, keyring: Path) -> Sealing:
    """The service's sealing as another process would have it."""
    return Sealing(
        service="messaging", practice=PRACTICE, db=kept.db, keystore=kept.keystore, keks=KeyringFile(keyring)
    )


async def settle(kept: Kept) -> None:
    """Let the time pass after which a new generation seals."""
    await kept.tamper("UPDATE group_key SET made_at = made_at - make_interval(secs => $1)", SETTLE_SECONDS + 1)


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
    keyring_file.add(keyring, NOW)
    asked, rewrap = 0, store.rewrap

    async def fail_on_the_second(*args: Any) -> int:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise DatabaseUnavailable
        return await rewrap(*args)

    monkeypatch.setattr(store, "rewrap", fail_on_the_second)
    with pytest.raises(DatabaseUnavailable):
        await rotation.rewrap_patient_keys(sealing)
    assert await rotation.count_under(sealing, first) == 6
    assert await rotation.rewrap_patient_keys(sealing) == 6
    assert await rotation.count_under(sealing, first) == 0


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
    with pytest.raises(SealBroken):
        await process(kept, keyring).keys(other, group)


async def test_an_erased_patient_is_refused_at_once_in_every_process(kept: Kept, keyring: Path) -> None:
    patient, group = uuid4(), uuid4()
    here, elsewhere = process(kept, keyring), process(kept, keyring)
    await here.keys(patient, group)
    cached = await elsewhere.keys(patient, group)
    assert cached.seal(b"text", **MESSAGE)
    await erase(here, patient, NOW)

    with pytest.raises(PatientErased):
        await here.keys(patient, group)
    assert await elsewhere.keys(patient, group) is cached
    async with kept.db.transaction() as tx:
        with pytest.raises(PatientErased):
            await refuse_erased(tx, patient)
        await refuse_erased(tx, uuid4())


async def test_an_erasure_broken_off_in_the_middle_can_be_repeated(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    await sealing.keys(patient, group)
    async with kept.db.transaction() as tx:
        await mark_erased(tx, patient, NOW)
    await erase(sealing, patient, NOW)
    await erase(sealing, patient, NOW + timedelta(hours=1))
    key = await store.patient_key(kept.keystore, patient)
    assert key == store.PatientKey(None)


async def test_an_old_data_backup_opens_nothing_after_an_erasure(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    await sealing.keys(patient, group)
    await erase(sealing, patient, NOW)
    await kept.tamper("DELETE FROM erased_patient")
    for asked in (group, uuid4()):
        with pytest.raises(PatientErased):
            await process(kept, keyring).keys(patient, asked)


async def test_a_lost_keystore_row_is_not_replaced_by_a_new_key(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    await sealing.keys(patient, group)
    await kept.tamper("DELETE FROM patient_key", keystore=True)
    for asked in (group, uuid4()):
        with pytest.raises(KeysMissing):
            await process(kept, keyring).keys(patient, asked)
    assert await store.patient_key(kept.keystore, patient) is None


async def test_nobody_erased_before_anything_was_sealed_gets_a_key(kept: Kept, keyring: Path) -> None:
    sealing, patient = process(kept, keyring), uuid4()
    await erase(sealing, patient, NOW)
    await kept.tamper("DELETE FROM erased_patient")
    with pytest.raises(PatientErased):
        await sealing.keys(patient, uuid4())


async def test_no_key_stands_unwrapped_in_a_table(kept: Kept, keyring: Path) -> None:
    keys: GroupKeys = await process(kept, keyring).keys(uuid4(), uuid4())
    admin = await kept.admin()
    row = await admin.fetchrow("SELECT id, wrapped FROM group_key")
    await admin.close()
    assert row is not None
    assert keys.newest == UUID(str(row["id"]))
    assert keys.generations[keys.newest.bytes] not in row["wrapped"]
    assert len(row["wrapped"]) == 24 + 32 + 32 + 16
