"""Background work: a step done again and again until told to stop, outlasting whatever is out of reach."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

from nats.errors import Error as NatsError

from shared import logs
from shared.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

OUT_OF_REACH = (Unavailable, NatsError, TimeoutError, OSError)
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 2.0

PAUSED = logs.event("background.paused", "work", "pause")
FAILED = logs.event("background.failed", "work", "pause")


async def repeat(
    work: str, step: Callable[[], Awaitable[float]], stop: asyncio.Event, *, wake: asyncio.Event | None = None
) -> None:
    """Do `step` until `stop` is set; it gives the seconds to rest before the next, cut short by `wake`.

    A step that raises is done again after a pause that doubles to two seconds; what stays out of reach is told of until
    the pause has grown to that.
    """
    pause = 0.0
    while not stop.is_set():
        if wake is not None:
            wake.clear()
        try:
            rest = await step()
        except OUT_OF_REACH as error:
            rest = longer(pause)
            if rest != pause:
                PAUSED.warning(error=error, work=work, pause=rest)
            pause = rest
        except Exception as error:  # noqa: BLE001 - a fault in one step must not end the work for good
            rest = pause = longer(pause)
            FAILED.error(error=error, work=work, pause=pause)
        else:
            pause = 0.0
        if rest > 0:
            woken = [wake.wait()] if wake is not None and not pause else []
            await first(stop.wait(), *woken, seconds=jittered(rest))


async def first(*awaited: Coroutine[Any, Any, object], seconds: float) -> None:
    """Return when one of these is done or the time is over; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in awaited]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def jittered(seconds: float) -> float:
    """A time up to a half shorter, so that many processes do not do the same at once."""
    return seconds * random.uniform(0.5, 1.0)  # noqa: S311 - spreads polling


def longer(pause: float) -> float:
    """The next pause after this one, doubling up to two seconds."""
    return min(LONGEST_PAUSE, max(SHORTEST_PAUSE, pause * 2))
