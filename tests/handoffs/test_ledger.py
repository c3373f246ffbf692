"""The ledger at work: what is owed to whom, taken, passed on, climbing when it is late, and told to the patient."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from baton_events.codes import HandoffName, Party, RelationshipSource
from baton_events.directory import ErasureRequested
from baton_events.handoffs import (
    HandoffAccepted,
    HandoffClosed,
    HandoffEscalated,
    HandoffMoved,
    HandoffOpened,
    HandoffWithdrawn,
)
from baton_events.visits import OrderAccepted
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from shared.requests.common import ACCESSES, OfPatient
from shared.requests.directory import REGISTER_RELATIONSHIP, RegisterRelationship
from shared.requests.handoffs import ACCEPT, MOVE, TRAIL, WORK, AskWork, Handoff, MoveHandoff, OfHandoff
from shared.sealing import mark_erased
from tests.handoffs.cases import (
    AMARA,
    BEN,
    MARIA,
    NOOR,
    SAN_FRANCISCO,
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
    from baton_events import visits
    from tests.support.stack import Open, Stack

ROOM, DESK = f"team:room:{SAN_FRANCISCO}", f"team:front-desk:{SAN_FRANCISCO}"
FRISCO = datetime(2027, 5, 1, 15, 0, tzinfo=UTC)


async def opened(s: Stack, event: visits.VisitCheckedIn) -> UUID:
    """Publish a check-in and wait until its handoff is open."""
    await s.handled("handoffs", await s.publish(event))
    return UUID(str(await s.fetchval("handoffs", "SELECT id FROM handoff WHERE case_id = $1", event.appointment)))


async def owner_of(s: Stack, handoff: UUID) -> str:
    return str(
        await s.fetchval("handoffs", "SELECT owner FROM custody WHERE handoff = $1 AND ended_at IS NULL", handoff)
    )


async def work(s: Stack, who: str) -> list[Handoff]:
    return (await s.ask(WORK, AskWork(), as_=who)).work


async def refused(s: Stack, op: object, ask: object, token: str) -> Refusal:
    with pytest.raises(Refusal) as found:
        await s.ask(op, ask, token=token)  # type: ignore[arg-type]
    return found.value


async def test_a_check_in_is_owed_by_the_room_team_and_closed_by_the_visits_start(stack: Open) -> None:
    async with stack("handoffs") as s:
        event = checked_in(due=s.clock() + timedelta(minutes=10))
        handoff = await opened(s, event)
        [owed] = await work(s, "noor-haddad")
        assert (owed.handoff, owed.owner, owed.due, owed.rung) == (handoff, ROOM, event.room_due, 0)
        assert owed.sentence == "Take the patient to a room; they have checked in."
        assert await work(s, "luis-ortega") == []
        await s.publish(started(event))
        [closed] = await s.until(lambda: s.events(HandoffClosed))
        assert closed.event.handoff == handoff
        assert await work(s, "noor-haddad") == []
        assert [opening.event.owner for opening in await s.events(HandoffOpened)] == [ROOM]


async def test_an_appointment_cancelled_before_it_is_known_owes_nothing(stack: Open) -> None:
    async with stack("handoffs") as s:
        event = booked()
        await s.publish(cancelled(event.appointment))
        await s.handled("handoffs", await s.publish(event))
        await s.until(lambda: s.events(HandoffWithdrawn))
        assert await work(s, "fern-dale") == []


async def test_work_is_taken_by_one_member_of_its_team(stack: Open) -> None:
    async with stack("handoffs") as s:
        handoff = OfHandoff(handoff=await opened(s, checked_in(due=s.clock() + timedelta(minutes=10))))
        taken = await s.ask(ACCEPT, handoff, as_="noor-haddad")
        assert taken == await s.ask(ACCEPT, handoff, as_="noor-haddad")
        assert taken.owner == ROOM
        colleague = s.token(UUID("57aff000-0000-4000-8000-000000000009"), teams=[f"room:{SAN_FRANCISCO}"])
        refusal = await refused(s, ACCEPT, handoff, colleague)
        assert isinstance(refusal, Conflict)
        assert (refusal.code, refusal.members["owner"]) == ("work-taken", ROOM)
        assert str(NOOR) not in str(refusal.members)
        [accepted] = await s.until(lambda: s.events(HandoffAccepted))
        assert accepted.event.accepted_by == NOOR


async def test_work_of_others_does_not_exist(stack: Open) -> None:
    async with stack("handoffs") as s:
        handoff = await opened(s, checked_in(due=s.clock() + timedelta(minutes=10)))
        for op, ask in ((ACCEPT, OfHandoff(handoff=handoff)), (MOVE, MoveHandoff(handoff=handoff, owner="team:care"))):
            assert isinstance(await refused(s, op, ask, s.token("luis-ortega")), NotFound)
            assert isinstance(await refused(s, op, ask, s.token("maria-lopez")), Forbidden)
        unknown = await refused(s, ACCEPT, OfHandoff(handoff=uuid4()), s.token("noor-haddad"))
        assert isinstance(unknown, NotFound)


async def test_settled_work_cannot_be_taken(stack: Open) -> None:
    async with stack("handoffs") as s:
        event = checked_in(due=s.clock() + timedelta(minutes=10))
        handoff = await opened(s, event)
        await s.handled("handoffs", await s.publish(started(event)))
        refusal = await refused(s, ACCEPT, OfHandoff(handoff=handoff), s.token("noor-haddad"))
        assert refusal.code == "work-settled"


async def test_work_moves_to_another_owner_who_must_take_it_anew(stack: Open) -> None:
    async with stack("handoffs", "directory") as s:
        event = checked_in(due=s.clock() + timedelta(minutes=10))
        handoff = await opened(s, event)
        await s.ask(ACCEPT, OfHandoff(handoff=handoff), as_="noor-haddad")
        await s.ask(MOVE, MoveHandoff(handoff=handoff, owner=f"clinician:{AMARA}"), as_="noor-haddad")
        assert await work(s, "noor-haddad") == []
        [owed] = await work(s, "amara-okafor")
        assert (owed.accepted_by, owed.due) == (None, event.room_due)
        [moved] = await s.until(lambda: s.events(HandoffMoved))
        assert (moved.event.owner, moved.event.due) == (f"clinician:{AMARA}", event.room_due)


@pytest.mark.parametrize(
    ("owner", "code"),
    [
        (f"patient:{MARIA}", "never-the-patient"),
        ("team:room:00000000-0000-4000-8000-00000000000a", "owner-unknown"),
        ("clinician:00000000-0000-4000-8000-00000000000b", "owner-unknown"),
        (ROOM, "already-theirs"),
        ("team:nobody", "invalid"),
        ("team:ops\n", "owner-unknown"),
        (f"clinician:{AMARA}\n", "owner-unknown"),
    ],
)
async def test_work_moves_only_to_somebody_of_the_practice(stack: Open, owner: str, code: str) -> None:
    async with stack("handoffs", "directory") as s:
        handoff = await opened(s, checked_in(due=s.clock() + timedelta(minutes=10)))
        refusal = await refused(s, MOVE, MoveHandoff(handoff=handoff, owner=owner), s.token("noor-haddad"))
        assert isinstance(refusal, Invalid | Conflict)
        assert refusal.code == code
        assert await owner_of(s, handoff) == ROOM


async def test_late_work_climbs_its_ladder_and_the_last_rung_is_asked_again(stack: Open) -> None:
    async with stack("handoffs") as s:
        s.clock.set(FRISCO, still=True)
        event = checked_in(due=FRISCO + timedelta(minutes=10))
        handoff = await opened(s, event)
        climbed = []
        for minutes in (10, 5, 10, 10):
            s.clock.advance(timedelta(minutes=minutes))
            wanted = len(climbed) + 1

            async def heard(wanted: int = wanted) -> bool:
                return len(await s.events(HandoffEscalated)) == wanted

            await s.until(heard)
            climbed = [(one.event.owner, one.event.rung, one.event.due) for one in await s.events(HandoffEscalated)]
        assert climbed == [
            (DESK, 1, FRISCO + timedelta(minutes=15)),
            ("team:care", 2, FRISCO + timedelta(minutes=25)),
            ("team:care", 2, FRISCO + timedelta(minutes=35)),
            ("team:care", 2, FRISCO + timedelta(minutes=45)),
        ]
        held = await s.fetch("handoffs", "SELECT owner FROM custody WHERE handoff = $1 ORDER BY number", handoff)
        assert [row["owner"] for row in held] == [ROOM, DESK, "team:care"]
        assert [owed.rung for owed in await work(s, "fern-dale")] == []


async def test_after_an_outage_of_hours_late_work_climbs_one_rung_at_a_time(stack: Open) -> None:
    async with stack("handoffs") as s:
        handoff = await opened(s, checked_in(due=s.clock() + timedelta(minutes=10)))
        await s.stop("handoffs")
        s.clock.advance(timedelta(hours=6))
        await s.start("handoffs")
        [escalated] = await s.until(lambda: s.events(HandoffEscalated))
        assert (escalated.event.owner, escalated.event.rung) == (DESK, 1)
        assert await owner_of(s, handoff) == DESK


async def test_settled_work_never_climbs(stack: Open) -> None:
    async with stack("handoffs") as s:
        event = checked_in(due=s.clock() + timedelta(minutes=10))
        await opened(s, event)
        await s.handled("handoffs", await s.publish(started(event)))
        s.clock.advance(timedelta(hours=1))
        later = checked_in(due=s.clock())
        await opened(s, later)
        [escalated] = await s.until(lambda: s.events(HandoffEscalated))
        assert escalated.event.case == later.appointment


async def test_the_ends_of_a_visit_open_two_handoffs_to_its_clinician(stack: Open) -> None:
    async with stack("handoffs") as s:
        event = ended(follow_up=s.clock() + timedelta(hours=4))
        await s.handled("handoffs", await s.publish(event))
        owed = await work(s, "ben-whitfield")
        assert {one.name for one in owed} == {HandoffName.VISIT_SUMMARISE, HandoffName.VISIT_FOLLOW_UP}
        await s.handled("handoffs", await s.publish(followed_up(event.visit, AMARA)))
        assert len(await work(s, "ben-whitfield")) == 2
        await s.handled("handoffs", await s.publish(followed_up(event.visit, BEN)))
        assert [one.name for one in await work(s, "ben-whitfield")] == [HandoffName.VISIT_SUMMARISE]


async def test_a_follow_up_moved_to_another_clinician_is_closed_by_their_message(stack: Open) -> None:
    async with stack("handoffs", "directory") as s:
        event = ended(follow_up=s.clock() + timedelta(hours=4))
        await s.handled("handoffs", await s.publish(event))
        owed = next(one for one in await work(s, "ben-whitfield") if one.name is HandoffName.VISIT_FOLLOW_UP)
        await s.ask(MOVE, MoveHandoff(handoff=owed.handoff, owner=f"clinician:{AMARA}"), as_="ben-whitfield")
        await s.handled("handoffs", await s.publish(followed_up(event.visit, AMARA)))
        assert await work(s, "amara-okafor") == []


async def test_an_order_is_taken_where_it_is_done_and_the_ledger_tells_who_took_it(stack: Open) -> None:
    async with stack("handoffs") as s:
        event = ordered()
        await s.handled("handoffs", await s.publish(event))
        [waiting] = await work(s, "luis-ortega")
        here = await refused(s, ACCEPT, OfHandoff(handoff=waiting.handoff), s.token("luis-ortega"))
        assert here.code == "taken-where-it-is-done"
        taken = OrderAccepted(order=event.order, visit=event.visit, patient=MARIA, accepted_by=s.person("luis-ortega"))
        await s.handled("handoffs", await s.publish(taken))
        await s.quiet()
        [owed] = await work(s, "luis-ortega")
        assert owed.accepted_by == s.person("luis-ortega")


async def test_a_conversation_handled_all_at_once_stands_as_it_was_said(stack: Open) -> None:
    async with stack("handoffs") as s:
        thread = uuid4()
        said = [Party.PATIENT, Party.PATIENT, Party.STAFF, Party.SERVICE, Party.PATIENT] * 10
        await asyncio.gather(*(s.publish(wrote(thread, party, s.clock())) for party in said))
        await s.quiet()
        rounds = await s.fetch("handoffs", "SELECT state, chased FROM handoff ORDER BY opened_at")
        assert [row["state"] for row in rounds] == ["closed"] * 10 + ["open"]
        assert [row["chased"] for row in rounds] == [1] + [2] * 9 + [0]
        assert len(await s.events(HandoffOpened)) == len(await s.events(HandoffClosed)) + 1


async def test_the_patient_reads_their_trail_in_plain_sentences_in_their_own_time(stack: Open) -> None:
    async with stack("handoffs", "directory") as s:
        s.clock.set(FRISCO, still=True)
        event = checked_in(due=FRISCO + timedelta(minutes=10))
        handoff = await opened(s, event)
        s.clock.advance(timedelta(minutes=1))
        await s.ask(ACCEPT, OfHandoff(handoff=handoff), as_="noor-haddad")
        s.clock.advance(timedelta(minutes=10))
        await s.until(lambda: s.events(HandoffEscalated))
        s.clock.advance(timedelta(minutes=1))
        await s.handled("handoffs", await s.publish(started(event)))
        thread = uuid4()
        await s.handled("handoffs", await s.publish(wrote(thread, Party.PATIENT, s.clock())))
        trail = await s.ask(TRAIL, OfPatient(patient=MARIA), as_="maria-lopez")
        assert [(step.step, step.sentence) for step in trail.steps] == [
            (
                "opened",
                "You are checked in. The room team takes you to your room, and your visit begins by 8:10 AM.",
            ),
            ("accepted", "The room team is seeing to your room."),
            (
                "escalated",
                "Your room took longer than promised. The front desk now sees to it, by 8:16 AM.",
            ),
            ("closed", "Your visit has begun."),
            ("opened", "You wrote to us. The care team answers by 8:12 AM on Sunday, May 2."),
        ]
        assert [step.at for step in trail.steps] == sorted(step.at for step in trail.steps)
        assert [one.name for one in trail.open] == [HandoffName.THREAD_REPLY]
        assert trail.open[0].sentence == trail.steps[-1].sentence


async def test_the_trail_opens_to_who_treats_the_patient_and_to_nobody_else(stack: Open) -> None:
    async with stack("handoffs", "directory") as s:
        await opened(s, checked_in(due=s.clock() + timedelta(minutes=10)))
        ask = OfPatient(patient=MARIA)
        for stranger in ("jonas-weber", "chen-liu"):
            assert isinstance(await refused(s, TRAIL, ask, s.token(stranger)), NotFound)
        assert isinstance(await refused(s, TRAIL, ask, s.token("luis-ortega")), Forbidden)
        await s.ask(
            REGISTER_RELATIONSHIP,
            RegisterRelationship(
                relationship=uuid4(),
                patient=MARIA,
                clinician=BEN,
                source=RelationshipSource.BOOKING,
                lapses_at=datetime.now(UTC) + timedelta(days=1),
            ),
            service="booking",
        )
        assert len((await s.ask(TRAIL, ask, as_="ben-whitfield")).open) == 1
        seen = (await s.ask(ACCESSES["handoffs"], ask, as_="maria-lopez")).accesses
        assert [access.actor for access in seen if access.what.startswith("svc.handoffs.trail")] == [str(BEN)]


async def test_that_the_patient_asked_to_be_erased_stands_in_the_trail_for_themselves_alone(stack: Open) -> None:
    async with stack("handoffs", "directory") as s:
        due = s.clock() + timedelta(hours=24)
        asked = await s.publish(ErasureRequested(erasure=uuid4(), patient=MARIA, erase_due=due))
        await s.handled("handoffs", asked)
        proxy = s.person("aisha-khan")
        await s.as_owner("directory", f"INSERT INTO proxy (patient, proxy) VALUES ('{MARIA}', '{proxy}')")  # noqa: S608
        ask = OfPatient(patient=MARIA)
        assert [one.name for one in (await s.ask(TRAIL, ask, as_="maria-lopez")).open] == [HandoffName.RECORD_ERASE]
        others = await s.ask(TRAIL, ask, as_="aisha-khan")
        assert (others.open, others.steps) == ([], [])


async def test_no_answer_from_directory_is_no_access(stack: Open) -> None:
    async with stack("handoffs") as s:
        refusal = await refused(s, TRAIL, OfPatient(patient=MARIA), s.token("ben-whitfield"))
        assert refusal.status == 503
        assert (await s.ask(TRAIL, OfPatient(patient=MARIA), as_="maria-lopez")).steps == []


async def test_after_erasure_there_is_no_trail(stack: Open) -> None:
    async with stack("handoffs") as s:
        await opened(s, checked_in(due=s.clock() + timedelta(minutes=10)))
        async with (await s.db("handoffs")).transaction() as tx:
            await mark_erased(tx, MARIA, s.clock())
        assert isinstance(await refused(s, TRAIL, OfPatient(patient=MARIA), s.token("maria-lopez")), NotFound)
