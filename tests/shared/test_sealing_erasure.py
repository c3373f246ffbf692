"""Erasure destroys keys of a patient or a group: refused at once, and closed for ever, also to an old backup."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from shared.sealing import (
    GroupErased,
    KeysMissing,
    PatientErased,
    SealBroken,
    cipher,
    erase,
    erase_group,
    keystore,
    mark_erased,
    refuse_erased,
    rotation,
    store,
    wrapping,
)
from tests.shared.safe import MESSAGE, NOW, PRACTICE, process

if TYPE_CHECKING:
    from tests.shared.conftest import Kept


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
    with pytest.raises(PatientErased):
        await process(kept, keyring).keys(patient, group)
    await erase(sealing, patient, NOW)
    await erase(sealing, patient, NOW + timedelta(hours=1))
    key = await keystore.patient_key(kept.keystore, patient)
    assert key == keystore.PatientKey(None)


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
    assert await keystore.patient_key(kept.keystore, patient) is None


async def test_nobody_erased_before_anything_was_sealed_gets_a_key(kept: Kept, keyring: Path) -> None:
    sealing, patient = process(kept, keyring), uuid4()
    await erase(sealing, patient, NOW)
    await kept.tamper("DELETE FROM erased_patient")
    with pytest.raises(PatientErased):
        await sealing.keys(patient, uuid4())


async def test_an_erased_group_opens_nowhere_and_the_patients_others_do(kept: Kept, keyring: Path) -> None:
    sealing, patient, group, other = process(kept, keyring), uuid4(), uuid4(), uuid4()
    await sealing.keys(patient, group)
    sealed = (await sealing.keys(patient, other)).seal(b"text", **MESSAGE)
    for _ in range(2):
        await erase_group(sealing, patient, group, NOW)
        for asking in (sealing, process(kept, keyring)):
            with pytest.raises(GroupErased):
                await asking.keys(patient, group)
            with pytest.raises(GroupErased):
                await asking.add_generation(patient, group)
    assert (await process(kept, keyring).keys(patient, other)).open(sealed, **MESSAGE) == b"text"


async def test_whoever_has_the_data_and_the_patient_key_cannot_open_an_erased_group(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    await sealing.keys(patient, group)
    patient_key, share = await sealing.opening(patient, group, may_make_share=False)
    _, [key] = await store.group_keys(kept.db, patient, group, 0)
    context = wrapping.group_context(PRACTICE, patient, group, key.id, key.generation)
    assert wrapping.unwrap_group(key.wrapped, patient_key, share, context)
    await erase_group(sealing, patient, group, NOW)
    for wrong in (None, cipher.new_key()):
        with pytest.raises(SealBroken):
            wrapping.unwrap_group(key.wrapped, patient_key, wrong, context)
    admin = await kept.admin(keystore=True)
    assert share is not None
    assert await admin.fetchval("SELECT share FROM group_share WHERE grp = $1", group) is None
    await admin.close()


async def test_a_group_erased_before_anything_was_sealed_in_it_gets_no_key(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    await erase_group(sealing, patient, group, NOW)
    with pytest.raises(GroupErased):
        await sealing.keys(patient, group)


async def test_a_share_that_was_lost_is_not_replaced_by_a_new_one(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    await sealing.keys(patient, group)
    await kept.tamper("DELETE FROM group_share", keystore=True)
    with pytest.raises(KeysMissing):
        await process(kept, keyring).keys(patient, group)
    admin = await kept.admin(keystore=True)
    assert not await admin.fetch("SELECT * FROM group_share")
    await admin.close()


async def test_a_group_key_from_before_there_were_shares_opens_and_is_put_under_one(kept: Kept, keyring: Path) -> None:
    sealing, patient, group = process(kept, keyring), uuid4(), uuid4()
    sealed = (await sealing.keys(patient, group)).seal(b"old", **MESSAGE)
    patient_key, share = await sealing.opening(patient, group, may_make_share=False)
    _, [key] = await store.group_keys(kept.db, patient, group, 0)
    context = wrapping.group_context(PRACTICE, patient, group, key.id, key.generation)
    plain = wrapping.unwrap_group(key.wrapped, patient_key, share, context)
    await kept.tamper(
        "UPDATE group_key SET wrapped = $1, with_share = false", wrapping.wrap(plain, patient_key, context)
    )
    await kept.tamper("DELETE FROM group_share", keystore=True)

    assert (await process(kept, keyring).keys(patient, group)).open(sealed, **MESSAGE) == b"old"
    assert await rotation.share_group_keys(process(kept, keyring)) == 1
    assert await rotation.share_group_keys(process(kept, keyring)) == 0
    assert (await process(kept, keyring).keys(patient, group)).open(sealed, **MESSAGE) == b"old"
    await process(kept, keyring).add_generation(patient, group)
    assert len((await process(kept, keyring).keys(patient, group)).generations) == 2
    await erase_group(sealing, patient, group, NOW)
    with pytest.raises(GroupErased):
        await process(kept, keyring).keys(patient, group)
