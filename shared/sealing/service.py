"""A service's sealing: from the KEK over the patient's key and the group's share to the keys of one group."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from shared.sealing import cipher, keystore, store, wrapping
from shared.sealing.groups import GroupKeys
from shared.sealing.refusals import GroupErased, KeysMissing, PatientErased
from shared.sealing.store import WrappedGroupKey
from shared.sealing.unwrapped import Unwrapped

if TYPE_CHECKING:
    from shared.database import Database
    from shared.sealing.keyring import KeyEncryption
    from shared.sealing.keystore import KeptForGroup

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

        Raises PatientErased or GroupErased, also when only the keystore knows of it (the data is an old backup's).
        """
        return self.unwrapped.get((patient, group)) or await self.unwrapped.fetch((patient, group), self._unwrap)

    def forget(self, patient: UUID) -> None:
        """Drop what this process holds of the patient's keys."""
        self.unwrapped.forget(patient)

    async def add_generation(self, patient: UUID, group: UUID) -> None:
        """Give the group a new key, which seals once it has settled; the older ones go on opening."""
        wrapped = await self._generations(patient, group)
        patient_key, share = await self.opening(patient, group, may_make_share=not any(k.with_share for k in wrapped))
        assert share is not None, "made where there is none"
        await self._add(patient, group, patient_key, share, wrapped[-1].generation + 1 if wrapped else 1)

    async def opening(self, patient: UUID, group: UUID, *, may_make_share: bool) -> tuple[bytes, bytes | None]:
        """The patient's key and the keystore's share of the group, each made if there never was one.

        Raises PatientErased, GroupErased, and KeysMissing where the keystore has lost what was there.
        """
        kept = await keystore.kept_for_group(self.keystore, patient, group)
        if kept.erased:
            raise GroupErased
        if kept.patient is None or (kept.share is None and may_make_share):
            kept = await self._make(patient, group, kept, may_make_share=may_make_share)
        if kept.erased:
            raise GroupErased
        if kept.patient is None:
            raise KeysMissing
        if kept.patient.wrapped is None:
            raise PatientErased
        context = wrapping.patient_context(self.practice, self.service, patient)
        return await self.keks.unwrap(kept.patient.wrapped, context), kept.share

    async def _unwrap(self, patient: UUID, group: UUID) -> GroupKeys:
        wrapped = await self._generations(patient, group)
        patient_key, share = await self.opening(patient, group, may_make_share=not wrapped)
        if not wrapped:
            assert share is not None, "made where there is none"
            await self._add(patient, group, patient_key, share, 1)
            wrapped = await self._generations(patient, group)
        newest = next((key for key in reversed(wrapped) if key.settled), wrapped[0])
        return GroupKeys(
            practice=self.practice,
            patient=patient,
            group=group,
            generations={key.id.bytes: self._open(patient, group, key, patient_key, share) for key in wrapped},
            newest=newest.id,
        )

    def _open(self, patient: UUID, group: UUID, key: WrappedGroupKey, patient_key: bytes, share: bytes | None) -> bytes:
        if key.with_share and share is None:
            raise KeysMissing
        context = wrapping.group_context(self.practice, patient, group, key.id, key.generation)
        return wrapping.unwrap_group(key.wrapped, patient_key, share if key.with_share else None, context)

    async def _generations(self, patient: UUID, group: UUID) -> list[WrappedGroupKey]:
        erased, wrapped = await store.group_keys(self.db, patient, group, SETTLE_SECONDS)
        if erased:
            raise PatientErased
        return wrapped

    async def _add(self, patient: UUID, group: UUID, patient_key: bytes, share: bytes, generation: int) -> None:
        key_id = uuid4()
        context = wrapping.group_context(self.practice, patient, group, key_id, generation)
        wrapped = wrapping.wrap_group(cipher.new_key(), patient_key, share, context)
        await store.add_group_key(self.db, patient, group, WrappedGroupKey(key_id, generation, wrapped, settled=False))

    async def _make(self, patient: UUID, group: UUID, kept: KeptForGroup, *, may_make_share: bool) -> KeptForGroup:
        """A patient key only for a patient who never had one: where group keys are, it was lost or destroyed."""
        if kept.patient is None and not await store.has_group_keys(self.db, patient):
            context = wrapping.patient_context(self.practice, self.service, patient)
            await keystore.add_patient_key(self.keystore, patient, await self.keks.wrap(cipher.new_key(), context))
        if kept.share is None and may_make_share and not (kept.patient and kept.patient.wrapped is None):
            await keystore.add_share(self.keystore, patient, group, cipher.new_key())
        return await keystore.kept_for_group(self.keystore, patient, group)
