"""The keyring file: only its owner reads it, whoever reads it finds it whole, and no KEK goes while it is needed."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shared.sealing import KeyringFile, KeysMissing, SealBroken, keyring_file

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring.json"


def test_a_new_keyring_has_one_kek_and_its_owner_alone_reads_it(path: Path) -> None:
    current = keyring_file.create(path, NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    keyring = keyring_file.read(path)
    assert (keyring.current, list(keyring.keys)) == (current, [current])
    assert len(keyring.keys[current]) == 32


def test_making_it_again_changes_nothing(path: Path) -> None:
    current = keyring_file.create(path, NOW)
    before = path.read_bytes()
    assert keyring_file.create(path, NOW + timedelta(days=1)) == current
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o666, 0o601])
def test_a_keyring_open_to_others_is_refused(path: Path, mode: int) -> None:
    keyring_file.create(path, NOW)
    path.chmod(mode)
    with pytest.raises(keyring_file.KeyringUnsafe, match=r"keyring\.json.*0600"):
        keyring_file.read(path)


def test_a_keyring_whose_current_kek_is_not_in_it_is_refused(path: Path) -> None:
    keyring_file.create(path, NOW)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"current": "another"}))
    with pytest.raises(msgspec.ValidationError, match="current"):
        keyring_file.read(path)


def test_a_kek_added_is_current_and_the_old_one_stays(path: Path) -> None:
    first = keyring_file.create(path, NOW)
    second = keyring_file.add(path, NOW + timedelta(days=1))
    keyring = keyring_file.read(path)
    assert (keyring.current, list(keyring.keys)) == (second, [first, second])
    assert path.stat().st_mode & 0o777 == 0o600


def test_rotations_at_the_same_time_lose_no_kek(path: Path) -> None:
    first = keyring_file.create(path, NOW)
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: keyring_file.add(path, NOW), range(16)))
    assert set(keyring_file.read(path).keys) == {first, *added}


def test_the_current_kek_and_one_just_replaced_cannot_be_retired(path: Path) -> None:
    first = keyring_file.create(path, NOW)
    second = keyring_file.add(path, NOW)
    later = NOW + timedelta(hours=1)
    for kek, now in ((second, later), (first, NOW + timedelta(minutes=59)), ("unknown", later)):
        with pytest.raises(keyring_file.KekInUse):
            keyring_file.retire(path, kek, now)
    keyring_file.retire(path, first, later)
    assert list(keyring_file.read(path).keys) == [second]


def test_a_kek_replaced_long_ago_can_be_retired_in_the_minute_of_the_next_rotation(path: Path) -> None:
    first = keyring_file.create(path, NOW)
    second = keyring_file.add(path, NOW + timedelta(days=1))
    now = NOW + timedelta(days=90)
    third = keyring_file.add(path, now)
    keyring_file.retire(path, first, now)
    with pytest.raises(keyring_file.KekInUse):
        keyring_file.retire(path, second, now)
    assert list(keyring_file.read(path).keys) == [second, third]


def test_a_keyring_does_not_show_its_keys(path: Path) -> None:
    keyring_file.create(path, NOW)
    keyring = keyring_file.read(path)
    assert repr(keyring.keys[keyring.current]) not in repr(keyring)


async def test_a_kek_added_meanwhile_is_used_without_a_restart(path: Path) -> None:
    await asyncio.to_thread(keyring_file.create, path, NOW)
    early, late = KeyringFile(path), KeyringFile(path)
    old = await early.wrap(b"k" * 32, b"here")
    second = await asyncio.to_thread(keyring_file.add, path, NOW)
    new = await late.wrap(b"k" * 32, b"here")
    assert (new.kek, await early.current()) == (second, second)
    assert (await early.wrap(b"k" * 32, b"here")).kek == second
    for wrapped in (old, new):
        assert await early.unwrap(wrapped, b"here") == b"k" * 32


async def test_a_kek_first_met_when_unwrapping_is_looked_for_in_the_file(path: Path) -> None:
    await asyncio.to_thread(keyring_file.create, path, NOW)
    early = KeyringFile(path)
    await early.current()
    await asyncio.to_thread(keyring_file.add, path, NOW)
    new = await KeyringFile(path).wrap(b"k" * 32, b"here")
    assert await early.unwrap(new, b"here") == b"k" * 32


async def test_a_wrapped_key_opens_only_where_it_belongs(path: Path) -> None:
    await asyncio.to_thread(keyring_file.create, path, NOW)
    keks = KeyringFile(path)
    wrapped = await keks.wrap(b"k" * 32, b"here")
    with pytest.raises(SealBroken):
        await keks.unwrap(wrapped, b"there")
    with pytest.raises(KeysMissing):
        await keks.unwrap(replace(wrapped, kek="gone"), b"here")
