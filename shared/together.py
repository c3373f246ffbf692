"""Waiting work done together: what arrives while a transaction runs shares the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class BrokenOff(Exception):
    """The work ended before it answered; whether it was done shows when it is asked for again."""


class Together(Generic[T, R]):
    """Hands what is waiting to `do` in one go, at most `most` at a time, in at most `writers` at once.

    A lone caller waits for nobody; one that gives up before its go is left out of it. `do` answers each item on its
    own, with a result or with the exception to raise; when `do` itself raises, every item of that go gets the
    exception.
    """

    def __init__(
        self,
        do: Callable[[list[T]], Awaitable[Sequence[R | BaseException]]],
        *,
        most: int = 64,
        writers: int = 2,
    ) -> None:
        self._do = do
        self._most = most
        self._idle = writers
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, item: T) -> R:
        """Have the item done and give its own answer."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._idle:
            self._idle -= 1
            task = asyncio.create_task(self._work())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                await self._go([(item, answer) for item, answer in batch if not answer.done()])
        finally:
            self._idle += 1

    async def _go(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        if not batch:
            return
        answers: Sequence[R | BaseException] = [BrokenOff()] * len(batch)
        try:
            answers = await self._do([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - every waiting caller is told what went wrong
            answers = [error] * len(batch)
        finally:
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, BaseException):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
