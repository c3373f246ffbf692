"""A move settles what was open before it, and nothing that opens after it, in whichever order they are heard of."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baton_events import booking, visits
from baton_events.codes import HandoffName
from services.handoffs.table import ROWS
from tests.handoffs.cases import BEN, MARIA, SAN_FRANCISCO, Told, after, booked, cancelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from baton_events import Event
    from tests.handoffs.cases import Ledger

APPOINTMENT = uuid4()
DESK = f"team:front-desk:{SAN_FRANCISCO}"


def said(what: str) -> Event:
    """An event of the appointment."""
    ids: dict[str, Any] = {"appointment": APPOINTMENT, "patient": MARIA}
    place: dict[str, Any] = {"clinician": BEN, "office": SAN_FRANCISCO}
    found: dict[str, Event] = {
        "booked": booked(APPOINTMENT),
        "moved": booking.AppointmentRescheduled(**ids, **place, start=after(90), end=after(110)),
        "missed": booking.AppointmentNoShow(**ids, **place, contact_owner=DESK, contact_due=after(600)),
        "settled": booking.NoShowSettled(**ids, settled_by=MARIA),
        "lapsed": booking.AppointmentLicenceLapsed(**ids, **place, move_owner=DESK, move_due=after(700)),
        "restored": booking.AppointmentLicenceRestored(**ids),
        "cancelled": cancelled(APPOINTMENT),
    }
    return found[what]


def told(history: Sequence[str]) -> list[Told]:
    """A minute apart, counted from 1."""
    return [Told(said(what), after(n), n) for n, what in enumerate(history, 1)]


MISSED, MOVE = HandoffName.VISIT_NO_SHOW, HandoffName.VISIT_MOVE
CASES = [
    (MISSED, ["booked", "moved", "missed"], ["open"]),
    (MISSED, ["booked", "moved", "moved", "missed", "moved"], ["closed"]),
    (MISSED, ["booked", "missed", "moved", "missed"], ["closed", "open"]),
    (MISSED, ["booked", "missed", "settled", "moved", "missed"], ["closed", "open"]),
    (MISSED, ["booked", "lapsed", "missed", "settled"], ["closed"]),
    (MISSED, ["booked", "missed", "cancelled"], ["withdrawn"]),
    (MOVE, ["booked", "moved", "lapsed"], ["open"]),
    (MOVE, ["booked", "lapsed", "moved", "lapsed"], ["closed", "open"]),
    (MOVE, ["booked", "lapsed", "restored", "lapsed", "moved"], ["withdrawn", "closed"]),
    (MOVE, ["booked", "lapsed", "cancelled"], ["withdrawn"]),
    (MOVE, ["booked", "lapsed", "missed"], ["withdrawn"]),
    (MOVE, ["booked", "lapsed", "missed", "moved", "lapsed"], ["withdrawn", "open"]),
]


@pytest.mark.parametrize(("name", "history", "states"), CASES)
def test_a_move_settles_what_came_before_it_and_nothing_later_in_any_order(
    ledger: Ledger, name: HandoffName, history: list[str], states: list[str]
) -> None:
    row = ROWS[name]
    for order in permutations(told(history)):
        case = uuid4()
        ledger.tell(row, [one.of_case(row, case) for one in order])
        assert [entry["state"] for entry in ledger.stands(row, case)] == states


@pytest.mark.parametrize("name", [MISSED, MOVE])
def test_any_history_ends_the_same_in_every_order(ledger: Ledger, name: HandoffName) -> None:
    row = ROWS[name]
    words = st.sampled_from(["moved", "missed", "settled", "lapsed", "restored", "cancelled"])

    @settings(max_examples=30, deadline=None, database=None)
    @given(st.data())
    def in_every_order(data: st.DataObject) -> None:
        history = told(["booked", *data.draw(st.lists(words, max_size=6))])
        shuffled = data.draw(st.permutations(history))
        straight, mixed = uuid4(), uuid4()
        ledger.tell(row, [one.of_case(row, straight) for one in history])
        ledger.tell(row, [one.of_case(row, mixed) for one in shuffled])
        found = ledger.stands(row, mixed)
        assert found == ledger.stands(row, straight)
        assert sum(entry["state"] == "open" for entry in found) <= 1

    in_every_order()


def test_a_visit_that_has_begun_needs_no_other_clinician_in_any_order(ledger: Ledger) -> None:
    row = ROWS[MOVE]
    begun = visits.VisitStarted(visit=uuid4(), appointment=APPOINTMENT, patient=MARIA, clinician=BEN)
    for order in permutations([*told(["booked", "lapsed"]), Told(begun, after(3), 1)]):
        case = uuid4()
        ledger.tell(row, [one.of_case(row, case) for one in order])
        assert [entry["state"] for entry in ledger.stands(row, case)] == ["withdrawn"]
