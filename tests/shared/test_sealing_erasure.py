"""Erasure destroys a patient's keys: refused at once, and closed for ever, also to an old backup."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from shared.sealing import (
    KeysMissing,
    PatientErased,
    erase,
    mark_erased,
    refuse_erased,
    store,
)
from tests.shared.safe import MESSAGE, NOW, process

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
