"""Rotation while traffic flows: patient keys under a new KEK, groups under a new generation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from shared.sealing import keystore, store, wrapping
from shared.sealing.refusals import GroupErased, PatientErased

if TYPE_CHECKING:
    from datetime import datetime

    from shared.sealing.service import Sealing
    from shared.sealing.wrapping import Wrapped

NONE = UUID(int=0)
BATCH = 200


async def rewrap_patient_keys(sealing: Sealing) -> int:
    """Put every patient key of the service under the current KEK, and give how many were moved.

    Broken off, it goes on where it stopped. A key that changed in between is left as it is and looked at again.
    """
    moved = 0
    while True:
        moved += await _rewrap_round(sealing)
        if not await keystore.count_not_under(sealing.keystore, await sealing.keks.current()):
            return moved
        await asyncio.sleep(0.1)


async def _rewrap_round(sealing: Sealing) -> int:
    moved, last, current = 0, NONE, await sealing.keks.current()
    while keys := await keystore.under_other_keks(sealing.keystore, current, last, BATCH):
        moved += await keystore.rewrap(
            sealing.keystore,
            [(patient, old, await _rewrapped(sealing, patient, old)) for patient, old in keys],
        )
        last = keys[-1][0]
    return moved


async def _rewrapped(sealing: Sealing, patient: UUID, old: Wrapped) -> Wrapped:
    context = wrapping.patient_context(sealing.practice, sealing.service, patient)
    return await sealing.keks.rewrap(old, context)


async def renew_group_keys(sealing: Sealing, before: datetime) -> int:
    """Give every group whose newest key was made before `before` another generation, and give how many."""
    renewed, last = 0, (NONE, NONE)
    while groups := await store.stale_groups(sealing.db, before, last, BATCH):
        for patient, group in groups:
            try:
                await sealing.add_generation(patient, group)
            except (PatientErased, GroupErased):
                continue
            renewed += 1
        last = groups[-1]
    return renewed


async def share_group_keys(sealing: Sealing) -> int:
    """Put group keys from before there were shares under the keystore's share too, and give how many were."""
    moved, last = 0, NONE
    while keys := await store.without_share(sealing.db, last, BATCH):
        for patient, group, key in keys:
            try:
                patient_key, share = await sealing.opening(patient, group, may_make_share=True)
            except (PatientErased, GroupErased):
                continue
            assert share is not None, "made where there is none"
            context = wrapping.group_context(sealing.practice, patient, group, key.id, key.generation)
            plain = wrapping.unwrap_group(key.wrapped, patient_key, None, context)
            fresh = wrapping.wrap_group(plain, patient_key, share, context)
            await store.put_under_share(sealing.db, key.id, key.wrapped, fresh)
            moved += 1
        last = keys[-1][2].id
    return moved


async def count_under(sealing: Sealing, kek: str) -> int:
    """How many patient keys of the service only `kek` opens; at zero in every service it can be retired."""
    return await keystore.count_under(sealing.keystore, kek)


async def keks_in_use(sealing: Sealing) -> list[str]:
    """The KEKs that patient keys of the service are under."""
    return await keystore.keks_in_use(sealing.keystore)
