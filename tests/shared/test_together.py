"""Work done together: everybody gets an answer of their own, and nobody's fate is another's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shared.together import BrokenOff, Together


class Gone(BaseException):
    """What ends more than the work."""


class Doing:
    """The work: each number doubled; -1 cannot be. It waits for `go_on`."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.fault: BaseException | None = None

    async def __call__(self, numbers: list[int]) -> Sequence[int | BaseException]:
        self.batches.append(numbers)
        self.begun.set()
        await self.go_on.wait()
        if self.fault is not None:
            raise self.fault
        return [number * 2 if number >= 0 else ValueError(number) for number in numbers]


async def test_what_arrives_while_the_work_is_under_way_shares_the_next_and_each_gets_its_own_answer() -> None:
    doing = Doing()
    together = Together(doing, most=3, writers=1)
    asked = [asyncio.create_task(together(0))]
    await doing.begun.wait()
    asked += [asyncio.create_task(together(number)) for number in (1, 2, -1, 4)]
    await asyncio.sleep(0)
    doing.go_on.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert doing.batches == [[0], [1, 2, -1], [4]]
    assert [answer for answer in answers if isinstance(answer, int)] == [0, 2, 4, 8]
    assert isinstance(answers[3], ValueError)


async def test_who_gave_up_before_the_work_began_is_left_out_and_who_gave_up_after_stops_nobody() -> None:
    doing = Doing()
    together = Together(doing, writers=1)
    first = asyncio.create_task(together(1))
    await doing.begun.wait()
    second, third = (asyncio.create_task(together(number)) for number in (2, 3))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    await asyncio.sleep(0)
    doing.go_on.set()
    assert await third == 6
    assert doing.batches == [[1], [3]]


@pytest.mark.parametrize("fault", [OSError(), Gone()], ids=["an error", "more than an error"])
async def test_whatever_ends_the_work_everybody_is_told_and_the_next_are_served(fault: BaseException) -> None:
    doing = Doing()
    together = Together(doing, writers=1)
    doing.fault = fault
    doing.go_on.set()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    async with asyncio.timeout(5):
        for _ in range(3):
            [answer] = await asyncio.gather(together(1), return_exceptions=True)
            assert isinstance(answer, OSError | BrokenOff)
        doing.fault = None
        assert await together(1) == 2
