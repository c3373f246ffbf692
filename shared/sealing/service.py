"""A service's sealing: from the KEK over the patient's key to the keys of one group."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from shared.sealing import cipher, store, wrapping
from shared.sealing.groups import GroupKeys
from shared.sealing.refusals import KeysMissing, PatientErased
from shared.sealing.store import WrappedGroupKey
from shared.sealing.unwrapped import Unwrapped

if TYPE_CHECKING:
    from shared.database import Database
    from shared.sealing.keyring import KeyEncryption

CACHE_SECONDS = 300.0
SETTLE_SECONDS = CACHE_SECONDS + 60.0
"""A new generation seals only after this long. By then no process can hold keys without it, so that whatever is sealed
opens everywhere, with no reload and no refusal in between."""


class Sealing:
    """Gives the keys of a group. One for each process; `db` and `keystore` are the service's two databases."""

    def __init__(
        self,
        *,
        service: str,
        practice: UUID,
        db: Database,
        keystore: Database,
        keks: KeyEncryption,
        size: int = 8192,
    ) -> None:
        self.service = service
        self.practice = practice
        self.db = db
        self.keystore = keystore
        self.keks = keks
        self.unwrapped = Unwrapped(size=size, seconds=CACHE_SECONDS)

    async def keys(self, patient: UUID, group: UUID) -> GroupKeys:
        """The group's keys, made if it has none yet; to be asked before the transaction opens.

        Raises PatientErased, also when only the keystore knows of the erasure (the data came from an old backup).
        """
        return self.unwrapped.get((patient, group)) or await self.unwrapped.fetch((patient, group), self._unwrap)

    def forget(self, patient: UUID) -> None:
        """Drop what this process holds of the patient's keys."""
        self.unwrapped.forget(patient)

    async def add_generation(self, patient: UUID, group: UUID) -> None:
        """Give the group a new key, which seals once it has settled; the older ones go on opening."""
        wrapped = await self._generations(patient, group)
        patient_key = await self._patient_key(patient)
        await self._add(patient, group, patient_key, wrapped[-1].generation + 1 if wrapped else 1)

    async def _unwrap(self, patient: UUID, group: UUID) -> GroupKeys:
        wrapped = await self._generations(patient, group)
        patient_key = await self._patient_key(patient)
        if not wrapped:
            await self._add(patient, group, patient_key, 1)
            wrapped = await self._generations(patient, group)
        newest = next((key for key in reversed(wrapped) if key.settled), wrapped[0])
        return GroupKeys(
            practice=self.practice,
            patient=patient,
            group=group,
            generations={
                key.id.bytes: wrapping.unwrap(
                    key.wrapped,
                    patient_key,
                    wrapping.group_context(self.practice, patient, group, key.id, key.generation),
                )
                for key in wrapped
            },
            newest=newest.id,
        )

    async def _generations(self, patient: UUID, group: UUID) -> list[WrappedGroupKey]:
        erased, wrapped = await store.group_keys(self.db, patient, group, SETTLE_SECONDS)
        if erased:
            raise PatientErased
        return wrapped

    async def _add(self, patient: UUID, group: UUID, patient_key: bytes, generation: int) -> None:
        key_id = uuid4()
        context = wrapping.group_context(self.practice, patient, group, key_id, generation)
        wrapped = wrapping.wrap(cipher.new_key(), patient_key, context)
        await store.add_group_key(self.db, patient, group, WrappedGroupKey(key_id, generation, wrapped, settled=False))

    async def _patient_key(self, patient: UUID) -> bytes:
        context = wrapping.patient_context(self.practice, self.service, patient)
        kept = await store.patient_key(self.keystore, patient)
        if kept is None:
            await self._make_patient_key(patient, context)
            kept = await store.patient_key(self.keystore, patient)
        if kept is None:
            raise KeysMissing
        if kept.wrapped is None:
            raise PatientErased
        return await self.keks.unwrap(kept.wrapped, context)

    async def _make_patient_key(self, patient: UUID, context: bytes) -> None:
        """Only for a patient who never had one: where group keys are, the patient's key was lost or destroyed."""
        if await store.has_group_keys(self.db, patient):
            return
        await store.add_patient_key(self.keystore, patient, await self.keks.wrap(cipher.new_key(), context))
