"""The days of a consult, against a count second by second, at every boundary, and when nothing ran for a while."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.messaging.model.clock import AGREED, Clock, Rules, Step, begun, looks_at, over, pause, resume, step

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SHORT = Rules(lasts=30 * SECOND, notice=6 * SECOND, on_its_way=2 * SECOND)
LONGEST = 400
OUTAGE = some.integers(0, 40)
WRITTEN = some.lists(some.tuples(some.integers(0, 12), some.booleans()), max_size=14)


@dataclass
class Course:
    """What came of it: who was let in when, which ends were announced when, and when it ended, in seconds."""

    taken: list[tuple[int, bool]] = field(default_factory=list)
    announced: list[tuple[int, int]] = field(default_factory=list)
    ended: int | None = None


def seconds(moment: datetime) -> int:
    return round((moment - START) / SECOND)


def counted(written: list[tuple[int, bool]], *, owed: bool) -> Course:
    """The course as somebody counting seconds would have it."""
    course, left, over_for = Course(), 30, 0
    for now in range(LONGEST):
        for at, by_patient in written:
            if at == now and (owed or left > 0):
                owed = by_patient
                course.taken.append((now, by_patient))
        if owed:
            continue
        if 0 < left <= 6 and now + left not in [end for _, end in course.announced]:
            course.announced.append((now, now + left))
        if left == 0 and over_for == 2:
            course.ended = now
            return course
        over_for += left == 0
        left = max(0, left - 1)
    return course


@dataclass
class Walk:
    """The model on its way, with the deadline set as the service sets it."""

    clock: Clock
    rules: Rules = SHORT
    course: Course = field(default_factory=Course)

    def write(self, at: int, *, by_patient: bool) -> None:
        now = START + at * SECOND
        if over(self.clock, now):
            return
        self.course.taken.append((at, by_patient))
        if by_patient:
            self.clock = pause(self.clock, now)
        else:
            self.clock = resume(self.clock, now)
            self.do(now)

    def do(self, now: datetime) -> None:
        self.clock, done = step(self.clock, now, self.rules)
        if done is Step.ANNOUNCE:
            assert self.clock.ends_at
            self.course.announced.append((seconds(now), seconds(self.clock.ends_at)))
        if done is Step.END:
            assert self.course.ended is None, "it ended twice"
            self.course.ended = seconds(now)

    def fire(self, before: int, outage: range = range(0)) -> None:
        """Do what is due before this second; what is due in the outage is done when it is over."""
        while (due := looks_at(self.clock, self.rules)) is not None:
            at = outage.stop if seconds(due) in outage else seconds(due)
            if at >= before:
                return
            self.do(START + at * SECOND)


def walked(written: list[tuple[int, bool]], *, owed: bool, outage: range = range(0)) -> Course:
    """The course as the model has it; nothing is written in the outage, nor anything done."""
    walk = Walk(begun(START, owed=owed, rules=SHORT))
    for at, by_patient in written:
        walk.fire(at, outage)
        if at not in outage:
            walk.write(at, by_patient=by_patient)
    walk.fire(LONGEST, outage)
    return walk.course


def timed(gaps: list[tuple[int, bool]]) -> list[tuple[int, bool]]:
    at, written = 0, []
    for gap, by_patient in gaps:
        at += gap
        written.append((at, by_patient))
    return written


@given(WRITTEN, some.booleans())
@settings(max_examples=300, derandomize=True, deadline=None)
def test_the_clock_is_the_count_of_the_seconds_in_which_nothing_was_owed(
    gaps: list[tuple[int, bool]], owed: bool
) -> None:
    written = timed(gaps)
    assert walked(written, owed=owed) == counted(written, owed=owed)


@given(WRITTEN, some.integers(0, 90), OUTAGE)
@settings(max_examples=300, derandomize=True, deadline=None)
def test_an_outage_takes_nothing_from_the_patient_and_no_end_comes_unannounced(
    gaps: list[tuple[int, bool]], began: int, lasted: int
) -> None:
    course = walked(timed(gaps), owed=False, outage=range(began, began + lasted))
    owes, since, nothing_owed = False, 0, 0
    for at, by_patient in [*course.taken, (course.ended, True)] if course.ended else course.taken:
        assert at is not None
        nothing_owed += 0 if owes else at - since
        owes, since = by_patient, at
    if course.ended is None:
        assert course.taken[-1][1], "it goes on as long as an answer is owed, and no longer"
        return
    assert nothing_owed >= 30
    told, end = course.announced[-1]
    assert told < end <= course.ended
    assert len({end for _, end in course.announced}) == len(course.announced), "an end was announced twice"


BOUNDARIES = [
    timedelta(),
    timedelta(microseconds=1),
    SECOND,
    timedelta(days=1),
    timedelta(days=13) - SECOND,
    timedelta(days=13),
    timedelta(days=13) + SECOND,
    timedelta(days=14) - timedelta(hours=1),
    timedelta(days=14) - SECOND,
    timedelta(days=14) - timedelta(microseconds=1),
]


@pytest.mark.parametrize("stood_still", [timedelta(), timedelta(microseconds=1), timedelta(days=2), timedelta(days=90)])
def test_fourteen_days_with_a_pause_at_every_boundary_end_that_much_later(stood_still: timedelta) -> None:
    for first, second in product(BOUNDARIES, BOUNDARIES):
        clock = begun(START, owed=False)
        for stood_before, ran in enumerate(sorted((first, second))):
            at = START + ran + stood_before * stood_still
            assert not over(clock, at)
            clock = pause(clock, at)
            assert clock.ends_at is None
            clock, _ = step(resume(clock, at + stood_still), at + stood_still)
            assert clock.ends_at
            assert clock.left_at(at + stood_still) == AGREED.lasts - ran
        assert clock.ends_at == START + AGREED.lasts + 2 * stood_still


@pytest.mark.parametrize("written", BOUNDARIES)
def test_whatever_is_written_before_the_end_stops_it_and_what_comes_at_the_end_does_not(written: timedelta) -> None:
    clock, _ = step(begun(START, owed=False), START + timedelta(days=13))
    ends = START + AGREED.lasts
    assert clock.announced_end == ends
    assert pause(clock, START + written).left == AGREED.lasts - written
    assert step(pause(clock, START + written), START + timedelta(days=400))[1] is Step.NOTHING
    assert over(clock, ends)
    assert step(clock, ends + AGREED.on_its_way - timedelta(microseconds=1))[1] is Step.NOTHING
    ended, done = step(clock, ends + AGREED.on_its_way)
    assert done is Step.END
    assert over(ended, START)
    assert step(ended, START + timedelta(days=400)) == (ended, Step.NOTHING)
    assert pause(ended, ends) == resume(ended, ends) == ended


def test_an_answer_in_the_last_day_tells_of_the_new_end_at_once() -> None:
    clock, _ = step(begun(START, owed=False), START + timedelta(days=13))
    ends = []
    for hours in (1, 2, 3):
        at = START + timedelta(days=13, hours=10 * hours)
        clock, done = step(resume(pause(clock, at), at + timedelta(hours=9)), at + timedelta(hours=9))
        assert done is Step.ANNOUNCE
        ends.append(clock.announced_end)
    assert all(later > earlier for earlier, later in pairwise(end for end in ends if end))


def test_messages_handled_in_another_order_than_they_came_take_no_time_away() -> None:
    clock = begun(START, owed=False)
    earlier, later = START + timedelta(hours=1), START + timedelta(hours=2)
    paused = pause(clock, later)
    assert resume(paused, earlier).ends_at == later + timedelta(days=14) - timedelta(hours=2)
    again = pause(resume(paused, later), earlier)
    assert (again.left, again.paused_since) == (paused.left, later)
