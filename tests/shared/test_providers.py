"""What both providers of key-encryption keys do alike: a keyring file, and the real OpenBao's transit engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from shared.sealing import KeysMissing, SealBroken, Sealing, cipher, rotation, wrapping
from tests.shared.keks import Provider, provider
from tests.shared.safe import MESSAGE, PRACTICE

if TYPE_CHECKING:
    from shared.sealing import KeyEncryption
    from tests.shared.conftest import Kept

__all__ = ["provider"]

KEY = bytes(range(32))
PATIENT, OTHER = uuid4(), uuid4()
HERE = wrapping.patient_context(PRACTICE, "messaging", PATIENT)
ELSEWHERE = {
    "another patient": wrapping.patient_context(PRACTICE, "messaging", OTHER),
    "another service": wrapping.patient_context(PRACTICE, "pharmacy", PATIENT),
    "another practice": wrapping.patient_context(uuid4(), "messaging", PATIENT),
    "nothing": b"\0",
}


@pytest.fixture
async def keks(provider: Provider) -> AsyncIterator[KeyEncryption]:
    return provider.connect()


async def test_a_wrapped_key_opens_again_also_elsewhere(provider: Provider, keks: KeyEncryption) -> None:
    wrapped = await keks.wrap(KEY, HERE)
    assert wrapped.kek == await keks.current()
    assert await keks.unwrap(wrapped, HERE) == KEY
    assert await provider.connect().unwrap(wrapped, HERE) == KEY


async def test_a_wrapped_key_shows_nothing_of_the_key(keks: KeyEncryption) -> None:
    one, two = await keks.wrap(KEY, HERE), await keks.wrap(KEY, HERE)
    assert KEY not in one.wrapped
    assert one.wrapped != two.wrapped
    assert one.kek == two.kek


@pytest.mark.parametrize("where", ELSEWHERE)
async def test_a_key_opens_nowhere_but_in_its_place(keks: KeyEncryption, where: str) -> None:
    wrapped = await keks.wrap(KEY, HERE)
    for asked in (keks.unwrap, keks.rewrap):
        with pytest.raises(SealBroken):
            await asked(wrapped, ELSEWHERE[where])


async def test_a_wrapped_key_that_was_tampered_with_stays_closed(keks: KeyEncryption) -> None:
    wrapped = await keks.wrap(KEY, HERE)
    middle = len(wrapped.wrapped) // 2
    changed = bytes([wrapped.wrapped[middle] ^ 1])
    for tampered in (
        wrapped.wrapped[:middle] + changed + wrapped.wrapped[middle + 1 :],
        wrapped.wrapped[:-8],
        wrapped.wrapped + b"AAAA",
        b"",
        os.urandom(80),
    ):
        with pytest.raises(SealBroken):
            await keks.unwrap(replace(wrapped, wrapped=tampered), HERE)


async def test_after_a_rotation_old_keys_open_and_new_ones_go_under_the_new_kek(
    provider: Provider, keks: KeyEncryption
) -> None:
    old = await keks.wrap(KEY, HERE)
    await provider.rotate()
    new = await keks.wrap(KEY, HERE)
    assert new.kek == await keks.current() != old.kek
    for wrapped in (old, new):
        assert await keks.unwrap(wrapped, HERE) == KEY
        assert await provider.connect().unwrap(wrapped, HERE) == KEY


async def test_a_key_wrapped_anew_outlives_the_kek_it_was_under(provider: Provider, keks: KeyEncryption) -> None:
    old = await keks.wrap(KEY, HERE)
    await provider.rotate()
    new = await keks.rewrap(old, HERE)
    assert new.kek == await keks.current()
    await provider.retire()
    assert await provider.connect().unwrap(new, HERE) == KEY
    with pytest.raises(KeysMissing):
        await provider.connect().unwrap(old, HERE)


async def test_a_key_under_a_kek_that_never_was_is_missing(keks: KeyEncryption) -> None:
    wrapped = await keks.wrap(KEY, HERE)
    with pytest.raises(KeysMissing):
        await keks.unwrap(replace(wrapped, kek="gone"), HERE)


async def test_many_at_once_each_get_their_own(keks: KeyEncryption) -> None:
    keys = {uuid4(): cipher.new_key() for _ in range(40)}
    contexts = {patient: wrapping.patient_context(PRACTICE, "messaging", patient) for patient in keys}
    wrapped = await asyncio.gather(*(keks.wrap(key, contexts[patient]) for patient, key in keys.items()))
    opened = await asyncio.gather(
        *(keks.unwrap(one, contexts[patient]) for patient, one in zip(keys, wrapped, strict=True))
    )
    assert opened == list(keys.values())


async def test_a_provider_out_of_reach_is_told_and_nothing_is_lost(provider: Provider, keks: KeyEncryption) -> None:
    wrapped = await keks.wrap(KEY, HERE)
    await provider.away()
    try:
        for asked in (keks.wrap(KEY, HERE), provider.connect().unwrap(wrapped, HERE), keks.current()):
            with pytest.raises(provider.unreachable):
                await asked
    finally:
        await provider.back()
    assert await keks.unwrap(wrapped, HERE) == KEY
    assert await keks.wrap(KEY, HERE)


async def test_patient_keys_are_counted_and_wrapped_anew_by_kek(kept: Kept, provider: Provider, keyring: Path) -> None:
    sealing = _sealing(kept, provider)
    names = [(uuid4(), uuid4()) for _ in range(6)]
    sealed = [(await sealing.keys(*name)).seal(b"text", **MESSAGE) for name in names]
    first = await sealing.keks.current()
    await provider.rotate()
    assert await rotation.count_under(sealing, first) == 6
    assert await rotation.rewrap_patient_keys(sealing) == 6
    assert await rotation.count_under(sealing, first) == 0
    assert await rotation.count_under(sealing, await sealing.keks.current()) == 6
    await provider.retire()
    for name, value in zip(names, sealed, strict=True):
        assert (await _sealing(kept, provider).keys(*name)).open(value, **MESSAGE) == b"text"


def _sealing(kept: Kept, provider: Provider) -> Sealing:
    return Sealing(service="messaging", practice=PRACTICE, db=kept.db, keystore=kept.keystore, keks=provider.connect())
