"""The envelope: what is rendered is read again, and nothing forged or malformed is taken for an event."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from baton_events import handoffs
from baton_events.codes import HandoffName
from baton_events.envelope import NotAnEvent, UnknownType, parse, render

PATIENT = UUID("9a71e000-0000-4000-8000-000000000001")
OPENED = handoffs.HandoffOpened(
    handoff=uuid4(),
    name=HandoffName.VISIT_ROOM,
    case=uuid4(),
    owner="team:support",
    due=datetime(2026, 11, 21, 18, tzinfo=UTC),
    patient=PATIENT,
)
SUBJECT = f"care.handoffs.v1.handoff.opened.{PATIENT}"
SECRET = "chest pain since this morning"


def rendered(**changes: Any) -> bytes:
    whole = json.loads(
        render(
            id=uuid4(),
            type=OPENED.kind.type,
            entity=OPENED.handoff,
            sequence=12,
            time=datetime(2026, 11, 21, 17, tzinfo=UTC),
            data=msgspec.json.encode(OPENED),
        ),
    )
    whole["data"] |= changes.pop("data", {})
    return json.dumps(whole | changes).encode()


def test_what_is_rendered_is_read_again() -> None:
    envelope = parse(rendered(), nats_subject=SUBJECT)
    assert envelope.typed() == OPENED
    assert envelope.subject == OPENED.handoff
    assert envelope.sequence == "0000000012"


def test_extensions_and_fields_of_later_versions_are_passed_over() -> None:
    assert parse(rendered(dataschema="urn:later", data={"room": "3"}), nats_subject=SUBJECT).typed() == OPENED


@pytest.mark.parametrize(
    "changes",
    [
        {"specversion": "0.3"},
        {"id": "1"},
        {"id": None},
        {"source": "/baton/booking"},
        {"source": "/elsewhere"},
        {"type": "care.handoffs.v1.handoff.closed"},
        {"type": "other"},
        {"subject": "00000000-0000-4000-8000-00000000000a"},
        {"subject": "x"},
        {"time": "2026-11-21T17:00:00"},
        {"time": "yesterday"},
        {"sequence": 12},
        {"sequence": "12"},
        {"datacontenttype": "text/plain"},
        {"traceparent": "00-1-2-3"},
        {"data": {"patient": "00000000-0000-4000-8000-00000000000b"}},
        {"data": {"patient": None}},
        {"data": {"handoff": "00000000-0000-4000-8000-00000000000c"}},
        {"data": {"name": SECRET}},
        {"data": {"owner": f"patient:{SECRET}"}},
        {"data": {"due": "2026-11-21T18:00:00"}},
        {"data": {"due": None}},
    ],
    ids=json.dumps,
)
def test_a_forged_or_malformed_envelope_is_not_an_event(changes: dict[str, Any]) -> None:
    with pytest.raises(NotAnEvent) as refused:
        parse(rendered(**changes), nats_subject=SUBJECT)
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, rendered()[:-1]])
def test_what_is_not_an_envelope_is_not_an_event(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        parse(body, nats_subject=SUBJECT)


@pytest.mark.parametrize(
    "subject",
    [
        "care.handoffs.v1.handoff.opened.none",
        f"care.handoffs.v1.handoff.closed.{PATIENT}",
        f"care.booking.v1.handoff.opened.{PATIENT}",
        "care.handoffs.v1.handoff.opened",
        "",
    ],
)
def test_an_event_on_anothers_subject_is_not_an_event(subject: str) -> None:
    with pytest.raises(NotAnEvent):
        parse(rendered(), nats_subject=subject)


def test_a_type_of_a_later_version_is_told_apart() -> None:
    with pytest.raises(UnknownType):
        parse(rendered(type="care.handoffs.v2.handoff.opened"))
