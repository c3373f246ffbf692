"""Whatever the order in which a case's events arrive, and however often, the ledger ends the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baton_events import messaging, pharmacy, visits
from baton_events.codes import HandoffName, Party, RouteReason
from services.handoffs.declare import Field, Moving, On, Row, Rung, Team
from services.handoffs.table import ROWS
from shared.requests.handoffs import HandoffState
from tests.handoffs.cases import (
    AMARA,
    BEN,
    LUIS,
    MARIA,
    Ledger,
    Told,
    after,
    booked,
    cancelled,
    checked_in,
    ended,
    followed_up,
    ordered,
    started,
    wrote,
)

if TYPE_CHECKING:
    from baton_events import Event

MOVED = Row(
    name=HandoffName.VISIT_ORDER,
    case="visit",
    opens=(On(visits.VisitCheckedIn),),
    owner=Field("room_owner"),
    due=Field("room_due"),
    moves=(Moving(visits.VisitEnded, owner="clinician_owner", due="summary_due"),),
    closes=(On(visits.VisitSummarised),),
    ladder=(Rung(Team("care"), timedelta(hours=1)),),
    owed="A row of the test, for what no row of the table does yet: custody that an event moves.",
    says=None,
)

History = st.SearchStrategy[list[Told]]


def told(events: Sequence[Event]) -> list[Told]:
    """These events, a minute apart, counted per entity."""
    counts: dict[UUID, int] = {}
    made = []
    for minute, event in enumerate(events):
        counts[event.entity] = counts.get(event.entity, 0) + 1
        made.append(Told(event, after(minute), counts[event.entity]))
    return made


def threads() -> History:
    thread = uuid4()
    says = ["patient", "patient", "staff", "service", "not-needed", "closed", "claimed", "handed-over", "released"]

    def events(said: list[str]) -> list[Told]:
        made: list[Event] = []
        due: datetime | None = None
        for minute, what in enumerate(said):
            if what == "patient":
                due = due or after(minute) + timedelta(hours=24)
            elif what in {"staff", "not-needed", "closed"}:
                due = None
            made.append(said_in(thread, what, minute, due))
        return told(made)

    return st.lists(st.sampled_from(says), max_size=9).map(events)


def said_in(thread: UUID, what: str, minute: int, due: datetime | None) -> Event:
    """What happens in a thread at this minute, where an answer is owed until `due`."""
    ids: dict[str, Any] = {"thread": thread, "patient": MARIA}
    taker = (BEN, AMARA)[minute % 2]
    if what == "not-needed":
        return messaging.ReplyNotNeeded(**ids, decided_by=BEN)
    if what == "closed":
        return messaging.ThreadClosed(**ids)
    if what == "claimed":
        return messaging.ThreadClaimed(**ids, claimed_by=taker)
    if what == "handed-over":
        owner, assigned = (f"clinician:{BEN}", None) if minute % 3 else ("team:care", AMARA)
        return messaging.ThreadHandedOver(**ids, handed_over_by=BEN, owner=owner, assigned=assigned, reply_due=due)
    if what == "released":
        return messaging.ThreadReleased(**ids, released_by=BEN, owner="team:care", reply_due=due)
    return wrote(thread, Party(what), after(minute))


def questions() -> History:
    thread, question = uuid4(), uuid4()
    ids: dict[str, Any] = {"thread": thread, "patient": MARIA, "question": question}
    due = after(60)
    asked = messaging.QuestionAsked(**ids, answer_owner="team:support", answer_due=due)
    moved: dict[str, Any] = {"owner": "team:support", "answer_due": due}
    steps: list[Event] = [
        asked,
        messaging.ThreadClaimed(**ids, claimed_by=LUIS),
        messaging.ThreadHandedOver(**ids, handed_over_by=LUIS, assigned=BEN, **moved),
        messaging.ThreadHandedOver(**ids, handed_over_by=BEN, **{**moved, "owner": "team:care"}),
        messaging.ThreadReleased(**ids, released_by=BEN, **moved),
        messaging.ThreadClaimed(**ids, claimed_by=AMARA),
    ]
    ends: list[list[Event]] = [
        [],
        [messaging.QuestionAnswered(question=question, patient=MARIA, answered_by=BEN)],
        [messaging.QuestionWithdrawn(question=question, patient=MARIA)],
    ]

    def events(middle: list[Event], end: list[Event]) -> list[Told]:
        return told([asked, *middle, *end])

    return st.builds(events, st.lists(st.sampled_from(steps), max_size=5), st.sampled_from(ends))


def rooms() -> History:
    visit, appointment = uuid4(), uuid4()

    def events(comings: int, *, begins: bool, gives_back: bool) -> list[Told]:
        made: list[Event] = []
        for coming in range(comings):
            made.append(checked_in(visit, appointment, after(30 + coming)))
            if coming < comings - 1:
                made.append(visits.VisitLeft(visit=visit, appointment=appointment, patient=MARIA))
        if begins and comings:
            made.append(visits.VisitStarted(visit=visit, appointment=appointment, patient=MARIA, clinician=BEN))
        return told([*made, *([cancelled(appointment)] if gives_back else [])])

    return st.builds(events, st.integers(0, 4), begins=st.booleans(), gives_back=st.booleans())


def orders() -> History:
    order = ordered()
    ids = {"order": order.order, "visit": order.visit, "patient": MARIA}
    ends = [
        [],
        [visits.OrderAccepted(**ids, accepted_by=LUIS)],
        [visits.OrderAccepted(**ids, accepted_by=LUIS), visits.OrderCompleted(**ids, completed_by=LUIS)],
        [visits.OrderAccepted(**ids, accepted_by=LUIS), visits.OrderDeclined(**ids, declined_by=LUIS)],
        [visits.OrderCancelled(**ids)],
    ]
    return st.sampled_from(ends).map(lambda end: told([order, *end]))


def preparations() -> History:
    appointment = uuid4()
    guidance = visits.GuidanceSent(visit=uuid4(), appointment=appointment, patient=MARIA)
    after_booking: list[Event] = [guidance, cancelled(appointment)]
    ends = st.permutations(after_booking).flatmap(lambda both: st.integers(0, 2).map(lambda n: list(both[:n])))
    return ends.map(lambda end: told([booked(appointment), *end]))


def follow_ups() -> History:
    visit = uuid4()
    declined: list[Event] = [visits.FollowUpDeclined(visit=visit, patient=MARIA)]
    ends = st.lists(
        st.sampled_from([followed_up(visit), followed_up(visit, AMARA), *declined]), max_size=3, unique=True
    )
    owed = st.sampled_from([after(300), None])
    return st.builds(lambda due, end: told([ended(visit, due), *end]), owed, ends)


def fills() -> History:
    ids = {"prescription": uuid4(), "routing": uuid4(), "patient": MARIA}
    shop = {**ids, "pharmacy": uuid4()}
    way: list[Event] = [
        pharmacy.PrescriptionRouted(**shop, reason=RouteReason.NEW, transmit_due=after(5)),
        pharmacy.PrescriptionAcknowledged(**shop, fill_due=after(60)),
        pharmacy.FillReady(**shop, pick_up_due=after(600)),
        pharmacy.FillPickedUp(**shop),
    ]
    elsewhere = pharmacy.PrescriptionCancelled(prescription=ids["prescription"], patient=MARIA)
    ends: list[Event] = [
        elsewhere,
        pharmacy.PrescriptionCancelled(**ids),
        pharmacy.PrescriptionRerouted(**ids, next_routing=uuid4()),
    ]
    return st.builds(
        lambda n, end: told([*way[:n], *end]), st.integers(0, 4), st.lists(st.sampled_from(ends), max_size=1)
    )


def moves() -> History:
    first = checked_in()
    visit = first.visit
    way: list[Event] = [
        first,
        ended(visit),
        visits.VisitEnded(
            visit=visit,
            appointment=first.appointment,
            patient=MARIA,
            clinician=AMARA,
            clinician_owner=f"clinician:{AMARA}",
            summary_due=after(200),
        ),
        visits.VisitSummarised(visit=visit, patient=MARIA, clinician=AMARA),
    ]
    return st.integers(1, 4).map(lambda n: told(way[:n]))


CASES: dict[str, tuple[Row, Callable[[], History]]] = {
    "thread.reply": (ROWS[HandoffName.THREAD_REPLY], threads),
    "support.reply": (ROWS[HandoffName.SUPPORT_REPLY], questions),
    "visit.room": (ROWS[HandoffName.VISIT_ROOM], rooms),
    "visit.order": (ROWS[HandoffName.VISIT_ORDER], orders),
    "visit.prepare": (ROWS[HandoffName.VISIT_PREPARE], preparations),
    "visit.follow-up": (ROWS[HandoffName.VISIT_FOLLOW_UP], follow_ups),
    "rx.transmit": (ROWS[HandoffName.RX_TRANSMIT], fills),
    "rx.fill": (ROWS[HandoffName.RX_FILL], fills),
    "rx.pick-up": (ROWS[HandoffName.RX_PICK_UP], fills),
    "moved": (MOVED, moves),
}


def has_one_owner_at_every_instant(found: dict[str, Any]) -> bool:
    """From the opening to the settling, each custody begins where the one before it ended."""
    spans = [(start, end) for _, start, end, *_ in found["custody"]]
    meet = all(end == start for (_, end), (start, _) in pairwise(spans))
    return meet and spans[0][0] == found["opened_at"] and spans[-1][1] == found["settled_at"]


@pytest.mark.parametrize("name", CASES)
def test_a_case_ends_the_same_in_every_order(ledger: Ledger, name: str) -> None:
    row, histories = CASES[name]

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.data())
    def in_every_order(data: st.DataObject) -> None:
        history = data.draw(histories())
        again = data.draw(st.lists(st.sampled_from(history), max_size=3)) if history else []
        shuffled = data.draw(st.permutations([*history, *again]))
        straight, mixed = uuid4(), uuid4()
        ledger.tell(row, [one.of_case(row, straight) for one in history])
        ledger.tell(row, [one.of_case(row, mixed) for one in shuffled])
        found = ledger.stands(row, mixed)
        assert found == ledger.stands(row, straight)
        for entry in found:
            assert has_one_owner_at_every_instant(entry)
            due = entry["custody"][-1][5]
            assert entry["deadlines"] == ([due] if entry["state"] == HandoffState.OPEN else None)
        assert sum(entry["state"] == HandoffState.OPEN for entry in found) <= 1

    in_every_order()


def test_a_thread_that_was_answered_between_two_messages_has_two_rounds(ledger: Ledger) -> None:
    row, thread = ROWS[HandoffName.THREAD_REPLY], uuid4()
    first, second = wrote(thread, Party.PATIENT, after(0)), wrote(thread, Party.PATIENT, after(2))
    history = told([first, wrote(thread, Party.STAFF, after(1)), second])
    ledger.tell(row, [history[2], history[0], history[1]])
    states = [(entry["state"], entry["opened_at"], entry["chased"]) for entry in ledger.stands(row, thread)]
    assert states == [("closed", after(0), 0), ("open", after(2), 0)]


def test_a_claim_belongs_to_the_round_it_was_made_in(ledger: Ledger) -> None:
    row, thread = ROWS[HandoffName.THREAD_REPLY], uuid4()
    first, again = (wrote(thread, Party.PATIENT, after(minute)) for minute in (0, 2))
    answered = wrote(thread, Party.STAFF, after(1))
    history = told([first, answered, again, said_in(thread, "claimed", 0, None)])
    ledger.tell(row, [history[0], history[2], history[3], history[1]])
    taken = [[custody[6] for custody in entry["custody"]] for entry in ledger.stands(row, thread)]
    assert taken == [[None], [BEN]]


def test_what_is_passed_on_is_taken_by_nobody_until_somebody_claims_it(ledger: Ledger) -> None:
    row, thread = ROWS[HandoffName.THREAD_REPLY], uuid4()
    due = after(0) + timedelta(hours=24)
    steps = ["patient", "claimed", "released", "handed-over", "staff"]
    history = told([said_in(thread, what, minute, due) for minute, what in enumerate(steps)])
    ledger.tell(row, history)
    [entry] = ledger.stands(row, thread)
    held = [(owner, person) for owner, *_, person in entry["custody"]]
    assert held == [("team:care", AMARA), ("team:care", None), ("team:care", AMARA)]
    assert entry["state"] == HandoffState.CLOSED


def test_what_the_ledger_escalated_stays_when_a_move_before_it_is_heard_of_late(ledger: Ledger) -> None:
    row, thread = ROWS[HandoffName.THREAD_REPLY], uuid4()
    due = after(0) + timedelta(hours=24)
    opened, moved = told([said_in(thread, what, n * 3, due) for n, what in enumerate(["patient", "released"])])
    ledger.tell(row, [opened])
    [entry] = ledger.fetch("SELECT id FROM handoff WHERE case_id = $1", thread)
    ledger.fetch(ESCALATED, entry["id"], due)
    ledger.tell(row, [moved])
    [entry] = ledger.stands(row, thread)
    assert [(owner, how) for owner, _, _, how, *_ in entry["custody"]] == [
        ("team:care", "opened"),
        ("team:care", "moved"),
        ("team:clinicians-on-call", "escalated"),
    ]
    assert has_one_owner_at_every_instant(entry)


ESCALATED = """
WITH ended AS (
    UPDATE custody SET ended_at = $2 WHERE handoff = $1 AND ended_at IS NULL RETURNING handoff
)
INSERT INTO custody (handoff, number, owner, started_at, how, rung, due)
SELECT handoff, 2, 'team:clinicians-on-call', $2, 'escalated', 1, $2::timestamptz + interval '4 hours' FROM ended
"""


def test_messages_while_an_answer_is_owed_are_counted_and_move_nothing(ledger: Ledger) -> None:
    row, thread = ROWS[HandoffName.THREAD_REPLY], uuid4()
    ledger.tell(row, told([wrote(thread, Party.PATIENT, after(minute)) for minute in range(3)]))
    [entry] = ledger.stands(row, thread)
    assert (entry["chased"], entry["state"]) == (2, "open")
    assert entry["deadlines"] == [after(0) + timedelta(hours=24)]


def test_a_close_seen_before_its_open_is_kept_and_wins(ledger: Ledger) -> None:
    row, first = ROWS[HandoffName.VISIT_ROOM], checked_in()
    opening, closing = told([first, started(first)])
    ledger.tell(row, [closing])
    assert ledger.stands(row, first.appointment) == []
    ledger.tell(row, [opening])
    [entry] = ledger.stands(row, first.appointment)
    assert entry["state"] == HandoffState.CLOSED
    assert entry["deadlines"] is None


def test_a_follow_up_by_somebody_else_does_not_close_what_the_clinician_owes(ledger: Ledger) -> None:
    row, visit = ROWS[HandoffName.VISIT_FOLLOW_UP], uuid4()
    ledger.tell(row, told([ended(visit, after(300)), followed_up(visit, AMARA)]))
    assert [entry["state"] for entry in ledger.stands(row, visit)] == ["open"]
    ledger.tell(row, [Told(followed_up(visit, BEN), after(9), 2)])
    assert [entry["state"] for entry in ledger.stands(row, visit)] == ["closed"]
