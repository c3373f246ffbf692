"""The layout of sealed values: what was sealed once opens for ever, and only as what it was sealed as."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sealing import GroupKeys, Kind, SealBroken, layout
from tests.support.opener import CHUNK, TAG, Room

VECTORS = json.loads((Path(__file__).parent / "vectors" / "layout-v1.json").read_text(encoding="utf-8"))
VALUES = pytest.mark.parametrize("value", VECTORS["values"], ids=lambda value: value["name"])


def vector_keys() -> GroupKeys:
    return GroupKeys(
        practice=UUID(VECTORS["practice"]),
        patient=UUID(VECTORS["patient"]),
        group=UUID(VECTORS["group"]),
        generations={UUID(name).bytes: bytes.fromhex(key) for name, key in VECTORS["keys"].items()},
        newest=UUID(next(iter(VECTORS["keys"]))),
    )


def place(value: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": Kind(value["kind"]),
        "object": UUID(value["object"]),
        "author": UUID(value["author"]),
        "sequence": value["sequence"],
        "revision": value["revision"],
    }


def fresh_keys(**others: UUID) -> GroupKeys:
    name = uuid4()
    ids = {"practice": uuid4(), "patient": uuid4(), "group": uuid4()} | others
    return GroupKeys(**ids, generations={name.bytes: b"k" * 32}, newest=name)


@VALUES
def test_what_was_sealed_once_still_opens(value: dict[str, Any]) -> None:
    opened = vector_keys().open(bytes.fromhex(value["sealed"]), **place(value))
    assert opened == value["plain"].encode() * value["times"]


@VALUES
def test_an_opener_written_from_the_specification_opens_it_too(value: dict[str, Any]) -> None:
    keys = {UUID(name).bytes: bytes.fromhex(key) for name, key in VECTORS["keys"].items()}
    room = Room(UUID(VECTORS["practice"]), UUID(VECTORS["patient"]), UUID(VECTORS["group"]), keys)
    opened = room.opened(
        bytes.fromhex(value["sealed"]),
        kind=value["kind"],
        object_=UUID(value["object"]),
        author=UUID(value["author"]),
        sequence=value["sequence"],
        revision=value["revision"],
    )
    assert opened == value["plain"].encode() * value["times"]
    assert layout.CONTEXT_SIZE == 119


def test_the_independent_opener_also_opens_what_is_sealed_today() -> None:
    keys, thing, author = fresh_keys(), uuid4(), uuid4()
    sealed = keys.seal(b"today" * 9000, kind=Kind.PLAN, object=thing, author=author, sequence=4, revision=2)
    room = Room(keys.practice, keys.patient, keys.group, keys.generations)
    assert room.opened(sealed, kind=13, object_=thing, author=author, sequence=4, revision=2) == b"today" * 9000


def test_no_kind_changes_its_number() -> None:
    assert VECTORS["kinds"].items() <= {kind.name: kind.value for kind in Kind}.items()


@given(plain=st.binary(max_size=2000), where=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_changed_byte_anywhere_keeps_it_closed(plain: bytes, where: float, flip: int) -> None:
    keys, names = fresh_keys(), {"object": uuid4(), "author": uuid4()}
    sealed = bytearray(keys.seal(plain, kind=Kind.MESSAGE, **names))
    sealed[int(where * len(sealed))] ^= flip
    with pytest.raises(SealBroken):
        keys.open(bytes(sealed), kind=Kind.MESSAGE, **names)


REGIONS = {
    "version": 0,
    "suite": 1,
    "kind": 3,
    "key id": 10,
    "salt": 20,
    "commitment": 44,
    "first chunk": 76,
    "first tag": 76 + CHUNK,
    "second chunk": 76 + CHUNK + TAG,
    "last tag": -1,
}


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_is_guarded(region: str) -> None:
    keys, names = fresh_keys(), {"object": uuid4(), "author": uuid4()}
    sealed = bytearray(keys.seal(b"x" * 20_000, kind=Kind.MESSAGE, **names))
    assert keys.open(bytes(sealed), kind=Kind.MESSAGE, **names)
    sealed[REGIONS[region]] ^= 1
    with pytest.raises(SealBroken):
        keys.open(bytes(sealed), kind=Kind.MESSAGE, **names)


@pytest.mark.parametrize("left", [0, 1, 19, 20, 44, 76, 91, 92, 76 + CHUNK + TAG, -TAG, -1])
def test_a_truncated_value_stays_closed(left: int) -> None:
    keys, names = fresh_keys(), {"object": uuid4(), "author": uuid4()}
    sealed = keys.seal(b"x" * 20_000, kind=Kind.MESSAGE, **names)
    for wrong in (sealed[:left], sealed + b"\0", sealed[: 76 + CHUNK + TAG] + sealed[76:]):
        with pytest.raises(SealBroken):
            keys.open(wrong, kind=Kind.MESSAGE, **names)


MOVED: dict[str, dict[str, Any]] = {
    "as another object": {"object": uuid4()},
    "as another author's": {"author": uuid4()},
    "at another place in the thread": {"sequence": 6},
    "as another revision": {"revision": 1},
    "as another kind": {"kind": Kind.REASON},
}


@pytest.mark.parametrize("change", MOVED.values(), ids=MOVED)
def test_a_value_swapped_or_replayed_stays_closed(change: dict[str, Any]) -> None:
    keys = fresh_keys()
    names: dict[str, Any] = {"kind": Kind.MESSAGE, "object": uuid4(), "author": uuid4(), "sequence": 5, "revision": 0}
    sealed = keys.seal(b"I feel better", **names)
    assert keys.open(sealed, **names) == b"I feel better"
    with pytest.raises(SealBroken):
        keys.open(sealed, **(names | change))


@pytest.mark.parametrize("changed", ["practice", "patient", "group"])
def test_a_value_moved_to_another_room_stays_closed_even_under_the_same_key(changed: str) -> None:
    ids = {"practice": uuid4(), "patient": uuid4(), "group": uuid4()}
    here, names = fresh_keys(**ids), {"object": uuid4(), "author": uuid4()}
    there = GroupKeys(**(ids | {changed: uuid4()}), generations=here.generations, newest=here.newest)
    sealed = here.seal(b"I feel better", kind=Kind.MESSAGE, **names)
    with pytest.raises(SealBroken):
        there.open(sealed, kind=Kind.MESSAGE, **names)


def test_sealing_twice_shows_nothing_in_common() -> None:
    keys, names = fresh_keys(), {"object": uuid4(), "author": uuid4()}
    first, second = (keys.seal(b"same", kind=Kind.MESSAGE, **names) for _ in range(2))
    assert first[:20] == second[:20]
    assert first[20:44] != second[20:44]
    assert first[44:] != second[44:]


def test_keys_do_not_show_themselves() -> None:
    assert "kkkk" not in repr(fresh_keys())
    assert "6b6b6b6b" not in repr(fresh_keys())


def test_what_went_wrong_is_not_told() -> None:
    with pytest.raises(SealBroken) as refused:
        fresh_keys().open(b"short", kind=Kind.MESSAGE, object=uuid4(), author=uuid4())
    assert (refused.value.status, refused.value.code, str(refused.value)) == (500, "internal", "internal")
