"""The next best offers for who was refused, also while a crowd keeps a part of the practice busy."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.background import jittered
from shared.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.booking.operations.ground import BookingGround
    from shared.call import Call
    from shared.requests.booking import Offer

PAUSES = (0.25, 0.5, 1.0, 2.0)
TO_ANSWER = timedelta(seconds=1)


async def patiently(ground: BookingGround, call: Call, find: Callable[[], Awaitable[list[Offer]]]) -> list[Offer]:
    """What is found, looked for again after a pause where somebody is out of reach, within the caller's time.

    None when they stay so: that the time is gone is said all the same.
    """
    for pause in PAUSES:
        try:
            return await find()
        except Unavailable:
            if ground.bus.clock() + timedelta(seconds=pause) + TO_ANSWER > call.deadline:
                return []
            await asyncio.sleep(jittered(pause))
    try:
        return await find()
    except Unavailable:
        return []
