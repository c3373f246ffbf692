"""The database itself refuses a ledger in which work has two owners, or none."""

from __future__ import annotations

from uuid import UUID, uuid4

import asyncpg
import pytest

from baton_events.codes import HandoffName, Party
from services.handoffs.table import ROWS
from tests.handoffs.cases import Ledger, Told, after, checked_in, wrote

ROOM = ROWS[HandoffName.VISIT_ROOM]


@pytest.fixture
def handoff(ledger: Ledger) -> UUID:
    event = checked_in()
    ledger.tell(ROOM, [Told(event, after(0), 1)])
    [entry] = ledger.fetch("SELECT id FROM handoff WHERE case_id = $1", event.appointment)
    found: UUID = entry["id"]
    return found


SECOND_OWNER = """
INSERT INTO custody (handoff, number, owner, started_at, how, rung, due)
SELECT handoff, 2, 'team:care', due, 'moved', 0, due FROM custody WHERE handoff = $1
"""
ENDED_EARLY = "UPDATE custody SET ended_at = due WHERE handoff = $1"
BEGUN_LATE = "UPDATE custody SET started_at = started_at + interval '1 second' WHERE handoff = $1"
SETTLED_ALONE = "UPDATE handoff SET state = 'closed', settled_at = opened_at, settled_by = id WHERE id = $1"
PATIENT = "UPDATE custody SET owner = 'patient:' || handoff WHERE handoff = $1"
OPEN_TWICE = """
INSERT INTO handoff (id, name, case_id, opened_by, opened_at, opened_sequence, state, chased)
SELECT gen_random_uuid(), name, case_id, gen_random_uuid(), opened_at, 2, state, 0 FROM handoff WHERE id = $1
"""


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (SECOND_OWNER, "custody_one_owner"),
        (ENDED_EARLY, "custody_unbroken"),
        (BEGUN_LATE, "custody_unbroken"),
        (SETTLED_ALONE, "custody_unbroken"),
        (PATIENT, "custody_never_the_patient"),
        (OPEN_TWICE, "handoff_one_open"),
    ],
)
def test_a_broken_custody_is_refused(ledger: Ledger, handoff: UUID, statement: str, constraint: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        ledger.fetch(statement, handoff)
    assert refused.value.constraint_name == constraint


def test_work_without_any_custody_is_refused(ledger: Ledger) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        ledger.fetch(
            "INSERT INTO handoff (id, name, case_id, opened_by, opened_at, opened_sequence, state, chased) "
            "VALUES ($1, 'visit.room', $1, $1, now(), 1, 'open', 0)",
            uuid4(),
        )
    assert refused.value.constraint_name == "custody_unbroken"


def test_an_event_that_names_the_patient_as_owner_is_refused(ledger: Ledger) -> None:
    thread = uuid4()
    event = wrote(thread, Party.PATIENT, after(0))
    ids = {name: getattr(event, name) for name in event.__struct_fields__}
    named = type(event)(**{**ids, "reply_owner": f"patient:{event.patient}"})
    with pytest.raises(asyncpg.CheckViolationError):
        ledger.tell(ROWS[HandoffName.THREAD_REPLY], [Told(named, after(0), 1)])
