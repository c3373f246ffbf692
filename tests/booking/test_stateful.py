"""Booking, moving, giving back, waiting, claiming, closing and opening, at once and in any order, on real servers."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.booking.crossing import Afternoon
from tests.booking.moving import EMPTIED
from tests.booking.waiting import MORNING, crowd
from tests.support.stack import stack

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from uuid import UUID

    from tests.support.stack import Stack

DOINGS = ("book", "cancel", "move", "wait", "wait_instead", "change", "leave", "claim", "claim", "close", "lift")
PATIENTS = 4
"""Few, and fewer times than they want, so that they meet."""

ONE = st.tuples(st.sampled_from(DOINGS), st.integers(0, PATIENTS - 1), st.integers(0, 11))
AT_WORK = settings(
    max_examples=6,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Crossing(RuleBasedStateMachine):
    """One afternoon after another, each with nothing booked and nobody waiting."""

    runner: ClassVar[asyncio.Runner]
    s: ClassVar[Stack]
    people: ClassVar[list[tuple[UUID, str]]]

    failed: ClassVar[list[BaseException]] = []

    def run(self, doing: Coroutine[Any, Any, None]) -> None:
        """Have the services work until it is done; what failed once need not fail again, so the first time counts."""
        if self.failed:
            doing.close()
            return
        try:
            self.runner.run(doing)
        except Exception as error:
            self.failed.append(error)
            raise

    @initialize(booked=st.integers(2, 3), waiting=st.integers(1, 3))
    def begin(self, booked: int, waiting: int) -> None:
        """Some have a time, others wait for one."""
        self.afternoon = Afternoon(self.s, self.people)
        self.run(self._begin(booked, waiting))

    async def _begin(self, booked: int, waiting: int) -> None:
        await self.s.as_owner("booking", EMPTIED)
        self.s.clock.set(MORNING)
        for one in range(booked):
            await self.afternoon.at_once([("book", one, one)])
        for one in range(waiting):
            await self.afternoon.at_once([("wait", one + 1, one)])

    @rule(doings=st.lists(ONE, min_size=1, max_size=5))
    def at_once(self, doings: list[tuple[str, int, int]]) -> None:
        """Whatever they do at the same time."""
        self.run(self.afternoon.at_once(doings))

    @rule(by=st.sampled_from([timedelta(minutes=5), timedelta(minutes=20)]))
    def later(self, by: timedelta) -> None:
        """Claims lapse, or nearly."""
        self.s.clock.advance(by)

    @invariant()
    def holds(self) -> None:
        """What must hold, looked at when everything has settled."""
        self.run(self.afternoon.holds())


@pytest.fixture(scope="module")
def crossing() -> Iterator[type[Crossing]]:
    with asyncio.Runner() as runner:
        leaving = AsyncExitStack()
        Crossing.runner = runner
        Crossing.s = runner.run(leaving.enter_async_context(stack("directory", "booking", "handoffs")))
        Crossing.people = runner.run(crowd(Crossing.s, PATIENTS))
        yield Crossing
        runner.run(leaving.aclose())


def test_whatever_they_do_at_once_nobody_is_lost_and_nothing_is_two_peoples(crossing: type[Crossing]) -> None:
    with suppress(HypothesisException):
        run_state_machine_as_test(crossing, settings=AT_WORK)
    if crossing.failed:
        raise crossing.failed[0]
