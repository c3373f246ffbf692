"""The published contract as files: `python -m tests.contracts.contract` writes what is missing or out of date.

A golden sample is a shape that was released: one that stands is never written again.
"""

import types
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec

from baton_events import TYPES, Event, codes, describe
from baton_events.envelope import render

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "shared/events/baton_events/schemas"
ASYNCAPI = ROOT / "docs/asyncapi.json"
GOLDEN = Path(__file__).parent / "golden"
CODES = Path(__file__).parent / "codes.json"

SPACE = UUID("ba707000-0000-4000-8000-000000000000")
MOMENT = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SAMPLES: dict[Any, Any] = {
    codes.Time: MOMENT,
    codes.Owner: "team:front-desk:0ff1ce00-0000-4000-8000-000000000001",
    codes.Digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    codes.Signature: "A" * 86,
    int: 7,
}


def fields(event: type[Event]) -> dict[str, Any]:
    """The annotated type of each data field."""
    hints = typing.get_type_hints(event, include_extras=True)
    return {name: hints[name] for name in event.__struct_fields__}


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union but None, or the type itself."""
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return tuple(member for member in typing.get_args(annotation) if member is not types.NoneType)
    return (annotation,)


def closed_codes() -> dict[str, list[str]]:
    """Every code that event data may hold."""
    enums = (kind for kind in vars(codes).values() if isinstance(kind, type) and issubclass(kind, StrEnum))
    return {
        **{kind.__name__: sorted(kind) for kind in enums if kind is not StrEnum},
        "team of an office": sorted(codes.TEAMS_OF_AN_OFFICE),
        "team of the practice": sorted(codes.TEAMS_OF_THE_PRACTICE),
    }


def sample(event: type[Event], *, full: bool) -> bytes:
    """One envelope of the type, the same each time; `full` gives every optional field and a trace."""
    known = fields(event)
    given = {name: _value(name, kind) for name, kind in known.items() if full or _required(event, name)}
    data = event(**given)
    return render(
        id=uuid5(SPACE, event.kind.type),
        type=event.kind.type,
        entity=data.entity,
        sequence=1,
        time=MOMENT,
        data=msgspec.json.encode(data),
        traceparent=TRACE if full else None,
    )


def golden_files() -> Iterator[tuple[Path, bytes]]:
    """Every golden sample there should be, with what it would hold if written today."""
    for type_, event in sorted(TYPES.items()):
        yield GOLDEN / f"{type_}.json", sample(event, full=False)
        yield GOLDEN / f"{type_}.full.json", sample(event, full=True)


def _required(event: type[Event], name: str) -> bool:
    field = next(field for field in msgspec.structs.fields(event) if field.name == name)
    return field.required


def _value(name: str, kind: Any) -> Any:
    (only,) = alternatives(kind)
    if only is UUID:
        return uuid5(SPACE, name)
    if isinstance(only, type) and issubclass(only, StrEnum):
        return next(iter(only))
    return SAMPLES[only]


def write() -> None:
    """Bring schemas, AsyncAPI and codes up to date and add the golden samples that are missing."""
    for name, text in describe.schemas().items():
        (SCHEMAS / name).write_bytes(text)
    ASYNCAPI.write_bytes(describe.pretty(describe.asyncapi()))
    CODES.write_bytes(describe.pretty(closed_codes()))
    for path, text in golden_files():
        if not path.exists():
            path.write_bytes(text)


if __name__ == "__main__":
    write()
