"""A patient who has to call about what is owed to them is counted, whenever the ledger learns of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from baton_events.codes import ContactChannel, Party
from baton_events.messaging import ContactLogged, QuestionAnswered, QuestionAsked
from services.handoffs.store import chasing
from tests.handoffs.cases import BEN, MARIA, after
from tests.support.deliver import Way

if TYPE_CHECKING:
    from baton_events import Event
    from tests.support.stack import Open, Stack


def asked(patient: UUID = MARIA) -> QuestionAsked:
    return QuestionAsked(
        question=uuid4(), thread=uuid4(), patient=patient, answer_owner="team:support", answer_due=after(60)
    )


def called(origin: Party = Party.PATIENT, patient: UUID = MARIA) -> ContactLogged:
    return ContactLogged(contact=uuid4(), patient=patient, logged_by=BEN, channel=ContactChannel.PHONE, origin=origin)


async def chased(s: Stack, question: UUID) -> int:
    handoff = await s.fetchval("handoffs", "SELECT id FROM handoff WHERE case_id = $1", question)
    async with (await s.db("handoffs")).transaction() as tx:
        return (await chasing.chased(tx, [handoff]))[handoff]


async def test_calls_while_it_is_open_count_in_whatever_order_they_are_learnt(stack: Open) -> None:
    async with stack("handoffs") as s:
        for order in permutations(range(3)):
            question = asked(uuid4())
            answered = QuestionAnswered(question=question.question, patient=question.patient, answered_by=BEN)
            happened: list[Event] = [question, called(patient=question.patient), answered]
            for place in order:
                s.clock.set(after(place), still=True)
                sequence = 1 if place != 2 else 2
                await s.handled("handoffs", await s.publish(happened[place], sequence=sequence))
            assert await chased(s, question.question) == 1, order


async def test_only_the_patients_own_calls_between_its_opening_and_its_end_count(stack: Open) -> None:
    async with stack("handoffs") as s:
        question = asked()
        answered = QuestionAnswered(question=question.question, patient=MARIA, answered_by=BEN)
        for minute, event in enumerate(
            (
                called(),
                question,
                called(),
                called(Party.STAFF),
                called(patient=uuid4()),
                called(),
                answered,
                called(),
            )
        ):
            s.clock.set(after(minute), still=True)
            await s.handled("handoffs", await s.publish(event))
        assert await chased(s, question.question) == 2


async def test_the_call_that_opened_it_is_no_chasing(stack: Open) -> None:
    async with stack("handoffs") as s:
        s.clock.set(after(0), still=True)
        question = asked()
        for event in (called(), question):
            await s.handled("handoffs", await s.publish(event))
        assert await chased(s, question.question) == 0


async def test_a_call_heard_twice_or_through_a_crash_counts_once(stack: Open) -> None:
    for way in (Way.TWICE, Way.CRASHED_BEFORE_COMMIT, Way.CRASHED_BEFORE_ACK):
        async with stack("handoffs") as s:
            question = asked()
            await s.deliver("handoffs", question)
            s.clock.advance(timedelta(seconds=1))
            await s.deliver("handoffs", called(), way=way)
            assert await chased(s, question.question) == 1
