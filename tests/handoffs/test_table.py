"""The table is checked against the published events, so that a slip in it is found here and not at night."""

from __future__ import annotations

from string import Formatter
from typing import get_args
from uuid import UUID

import msgspec
import pytest

from baton_events import Event, directory
from baton_events.codes import HandoffName, ServiceName
from baton_events.common import DEAD_LETTER_DISCARDED, DEAD_LETTER_RECORDED, DEAD_LETTER_REPLAYED
from services.handoffs.declare import Field, Has, Is, On, Row, TeamOfOffice
from services.handoffs.reactions import generated
from services.handoffs.table import ROWS, TABLE

every_row = pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])


def types_of(event: type[Event], field: str) -> set[object]:
    """The plain types that a field of an event may hold."""
    hints = {found.name: found.type for found in msgspec.structs.fields(event)}
    assert field in hints, f"{event.kind.type} has no field {field}"
    options = get_args(hints[field]) or (hints[field],)
    return {str if get_args(option) and option is not UUID else option for option in options}


def test_every_handoff_of_the_closed_list_has_exactly_one_row() -> None:
    assert sorted(row.name for row in TABLE) == sorted(HandoffName)
    assert set(ROWS) == set(HandoffName)


@every_row
def test_every_event_of_a_row_carries_its_case(row: Row) -> None:
    for event in row.events():
        assert UUID in types_of(event, row.case), event.kind.type


@every_row
def test_an_opening_always_carries_the_case(row: Row) -> None:
    for on in row.opens:
        assert types_of(on.event, row.case) == {UUID}


@every_row
def test_owner_and_due_are_fields_of_every_opening_event(row: Row) -> None:
    for on in row.opens:
        required = {field.name: field.required for field in msgspec.structs.fields(on.event)}
        conditions = {condition.field for condition in on.when}
        for field in [row.due, *([row.owner] if isinstance(row.owner, Field) else [])]:
            assert field.name in required, f"{on.event.kind.type} has no {field.name}"
        assert required[row.due.name] or row.due.name in conditions, "a due that may be missing is a condition"


@every_row
def test_every_condition_asks_for_a_field_of_its_event(row: Row) -> None:
    for on in (*row.opens, *row.closes, *row.withdraws):
        for condition in on.when:
            assert isinstance(condition, Is | Has)
            types_of(on.event, condition.field)


@every_row
def test_who_accepts_and_who_closes_are_fields_of_the_event(row: Row) -> None:
    for accepting in row.accepts:
        assert types_of(accepting.event, accepting.person) == {UUID}
    for moving in row.moves:
        assert str in types_of(moving.event, moving.owner)
        types_of(moving.event, moving.due)
        assert UUID in types_of(moving.event, moving.person) if moving.person else True
    for on in row.opens if row.taken else ():
        assert UUID in types_of(on.event, row.taken or "")
    for on in row.closes if row.closed_by else ():
        types_of(on.event, row.closed_by)


@every_row
def test_no_event_means_two_things_to_one_row(row: Row) -> None:
    steps = [*row.opens, *row.accepts, *row.moves, *row.closes, *row.withdraws]
    for event in row.events():
        meanings = [step for step in steps if step.event is event]
        assert len(meanings) == 1 or all(isinstance(step, On) and step.when for step in meanings)


@every_row
def test_a_row_ends_and_climbs(row: Row) -> None:
    assert row.closes
    assert row.ladder
    assert all(rung.within.total_seconds() > 0 for rung in row.ladder)


@every_row
def test_the_ladder_of_an_office_begins_with_a_team_of_an_office(row: Row) -> None:
    if any(isinstance(rung.owner, TeamOfOffice) for rung in row.ladder):
        assert row.owner in {Field("room_owner"), Field("order_owner")}


@every_row
def test_a_repeating_row_is_ordered_by_one_entity(row: Row) -> None:
    if row.repeats:
        assert len({(on.event.kind.service, on.event.kind.entity) for on in row.opens}) == 1
        ordered = [on.event.kind for on in (*row.opens, *row.closes)]
        assert len({(kind.service, kind.entity) for kind in ordered}) == 1


@every_row
def test_the_patient_reads_a_sentence_for_every_step_that_can_happen(row: Row) -> None:
    concerns_a_patient = any("patient" in event.__struct_fields__ for event in row.events())
    assert (row.says is not None) == concerns_a_patient
    if row.says is None:
        return
    assert bool(row.says.withdrawn) == bool(row.withdraws)
    for step in ("opened", "accepted", "moved", "escalated", "closed", "withdrawn"):
        text = getattr(row.says, step)
        assert {name for _, name, _, _ in Formatter().parse(text) if name} <= {"owner", "due", "subject"}
        assert not text or text.endswith(".")


def test_erasure_completed_closes_the_erasure() -> None:
    assert [on.event for on in ROWS[HandoffName.RECORD_ERASE].closes] == [directory.ErasureCompleted]


def test_a_dead_letter_of_any_service_opens_a_repair() -> None:
    row = ROWS[HandoffName.EVENT_REPAIR]
    assert {on.event for on in row.opens} == {DEAD_LETTER_RECORDED[service] for service in ServiceName}
    settling = {DEAD_LETTER_REPLAYED[service] for service in ServiceName}
    settling |= {DEAD_LETTER_DISCARDED[service] for service in ServiceName}
    assert {on.event for on in row.closes} == settling


def test_every_event_the_table_names_has_exactly_one_reaction() -> None:
    named = {event for row in TABLE for event in row.events()}
    assert len(generated(TABLE)) == len(named)
    assert {reaction.event for reaction in generated(TABLE)} == named
