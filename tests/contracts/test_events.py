"""The published events: closed data, current schemas, and every released shape still read as it was."""

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import msgspec
import pytest

from baton_events import TYPES, Event, codes, describe
from baton_events.base import EventType
from baton_events.common import AuditCheckpointed
from baton_events.envelope import parse, render
from tests.contracts.contract import ASYNCAPI, CODES, GOLDEN, SCHEMAS, alternatives, closed_codes, fields, golden_files

NONE = "11111111-1111-4111-8111-111111111111"
ALWAYS = (UUID, codes.Time, int, codes.Owner)
ONLY_IN_CHECKPOINTS = (codes.Digest, codes.Signature)


def open_fields(event: type[Event]) -> list[str]:
    """The fields that could hold anything but ids, times, numbers and codes of the closed list."""
    return [
        name
        for name, annotation in fields(event).items()
        if not all(_closed(kind, event) for kind in alternatives(annotation))
    ]


def _closed(kind: Any, event: type[Event]) -> bool:
    if kind in ALWAYS:
        return True
    if kind in ONLY_IN_CHECKPOINTS:
        return issubclass(event, AuditCheckpointed)
    return isinstance(kind, type) and issubclass(kind, StrEnum) and kind.__module__ == codes.__name__


@pytest.mark.parametrize("event", TYPES.values(), ids=TYPES)
def test_data_holds_only_ids_times_numbers_and_codes_of_the_closed_list(event: type[Event]) -> None:
    assert open_fields(event) == []


def test_a_planted_open_field_is_found() -> None:
    class Diagnosis(StrEnum):
        FLU = "flu"

    class Planted(Event, frozen=True, kw_only=True):
        kept: UUID
        note: str
        notes: list[str]
        maybe: str | None = None
        diagnosis: Diagnosis | None = None
        head: codes.Digest = ""
        more: dict[str, int] = {}

    assert open_fields(Planted) == ["note", "notes", "maybe", "diagnosis", "head", "more"]


def test_the_closed_list_of_codes_changes_only_deliberately() -> None:
    assert json.loads(CODES.read_bytes()) == closed_codes()


@pytest.mark.parametrize("event", TYPES.values(), ids=TYPES)
def test_subjects_are_short_plain_tokens(event: type[Event]) -> None:
    tokens = event.kind.subject(UUID(NONE)).split(".")
    assert len(tokens) == 6
    assert all(re.fullmatch("[A-Za-z0-9_-]+", token) for token in tokens)


@pytest.mark.parametrize("event", TYPES.values(), ids=TYPES)
def test_every_event_names_its_entity_and_says_what_happened(event: type[Event]) -> None:
    assert fields(event)[event.kind.entity] is UUID
    assert event.__doc__


def test_schemas_are_those_of_the_types() -> None:
    shipped = {path.name: path.read_bytes() for path in SCHEMAS.iterdir()}
    assert shipped == describe.schemas()


def test_the_asyncapi_document_is_that_of_the_types() -> None:
    assert ASYNCAPI.read_bytes() == describe.pretty(describe.asyncapi())


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = describe.asyncapi()
    for reference in re.findall(r'"\$ref":\s*"#/([^"]+)"', json.dumps(document)):
        at = document
        for step in reference.split("/"):
            at = at[step]


def test_every_type_has_its_golden_samples() -> None:
    assert [path.name for path, _ in golden_files() if not path.exists()] == []


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_released_shape_still_parses_and_renders_as_it_was(path: Path) -> None:
    body = path.read_bytes()
    envelope = parse(body)
    event = envelope.typed()
    again = render(
        id=envelope.id,
        type=event.kind.type,
        entity=event.entity,
        sequence=int(envelope.sequence),
        time=envelope.time,
        data=msgspec.json.encode(event),
        traceparent=envelope.traceparent,
    )
    assert again == body
    assert parse(body, nats_subject=event.kind.subject(event.patient_id)) == envelope


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_released_shape_is_valid_by_its_schema(path: Path) -> None:
    body = json.loads(path.read_bytes())
    schema = json.loads(describe.shipped_schema(body["type"]))
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(body)
    body["data"].pop(TYPES[body["type"]].kind.entity)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(body)


def test_a_field_added_within_a_major_leaves_old_events_as_they_were() -> None:
    class Before(Event, frozen=True, kw_only=True):
        kind = EventType("booking", "appointment", "booked", "appointment")
        appointment: UUID

    class After(Before, frozen=True, kw_only=True):
        room: UUID | None = None

    old = msgspec.json.encode(Before(appointment=UUID(NONE)))
    assert msgspec.json.encode(msgspec.json.decode(old, type=After)) == old
