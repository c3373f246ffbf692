"""Erasure: keys of a patient or a group are destroyed; what they sealed opens nowhere, also not from an old backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.sealing import keystore, store
from shared.sealing.refusals import PatientErased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.database import Tx
    from shared.sealing.service import Sealing


async def refuse_erased(tx: Tx, patient: UUID) -> None:
    """Raise PatientErased if they are: asked in the reading transaction, since keys may still be in a cache."""
    if await store.is_erased(tx, patient):
        raise PatientErased


async def is_erased(tx: Tx, patient: UUID) -> bool:
    """Whether they are, for those who do not refuse but leave them out."""
    return await store.is_erased(tx, patient)


async def mark_erased(tx: Tx, patient: UUID, now: datetime) -> None:
    """From the commit on, every process refuses to open anything of this patient."""
    await store.mark_erased(tx, patient, now)


async def erase(sealing: Sealing, patient: UUID, now: datetime) -> None:
    """Mark the patient as erased, then destroy their key; done twice it is done once, broken off it can be repeated."""
    async with sealing.db.transaction() as tx:
        await mark_erased(tx, patient, now)
    await keystore.destroy_patient_key(sealing.keystore, patient, now)
    sealing.forget(patient)


async def erase_group(sealing: Sealing, patient: UUID, group: UUID, now: datetime) -> None:
    """Destroy the keystore's share in the group's keys, which no backup of the data has; done twice it is done once.

    Other processes may hold the keys for a while: the group's own row must refuse in the reading transaction.
    """
    await keystore.destroy_share(sealing.keystore, patient, group, now)
    sealing.forget(patient)


async def forget_group(tx: Tx, patient: UUID, group: UUID) -> None:
    """Delete what is left of an erased group's keys beside the data."""
    await store.forget_group(tx, patient, group)


async def remember(sealing: Sealing, now: datetime) -> None:
    """Mark whom the keystore knows to be erased, for data that came from an older backup."""
    patients = await keystore.erased_patients(sealing.keystore)
    async with sealing.db.transaction() as tx:
        await store.mark_all_erased(tx, patients, now)


async def erased_groups(sealing: Sealing) -> list[UUID]:
    """The groups that the keystore knows to be erased, likewise."""
    return await keystore.erased_groups(sealing.keystore)
