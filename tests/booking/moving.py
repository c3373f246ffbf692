"""What the tests of appointments that move do again and again."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.requests.booking import FIND_OFFERS, Booked, FindOffers, Offer
from shared.requests.moves import RESCHEDULE, Reschedule, Rescheduled
from tests.booking.people import BEN
from tests.booking.visits import first, take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.stack import Stack

EMPTIED = (
    "TRUNCATE appointment, video, wait, freed_time, claim, offer_set, deadline, licence_round;"
    "INSERT INTO licence_round VALUES (true, 'epoch')"
)


@asynccontextmanager
async def fresh(s: Stack) -> AsyncIterator[Stack]:
    """The same services with nothing booked and the right time; left when they have settled."""
    await s.as_owner("booking", EMPTIED)
    s.clock.set(datetime.now(UTC))
    yield s
    s.clock.set(datetime.now(UTC))


async def booked_at(s: Stack, hours: float = 3, who: str = "maria-lopez", **wanted: Any) -> Booked:
    """Book a time with Ben, or with whom is wanted, so many hours from now."""
    wanted = {"clinician": BEN, "earliest": s.clock() + timedelta(hours=hours), **wanted}
    return await take(s, await first(s, who, **wanted), who)


async def others(
    s: Stack, appointment: UUID, who: str | UUID = "maria-lopez", *, token: str = "", **wanted: Any
) -> list[Offer]:
    """The offers for moving the appointment."""
    ask = FindOffers(instead_of=appointment, **wanted)
    how: dict[str, Any] = {"token": token} if token else {"as_": who}
    return (await s.ask(FIND_OFFERS, ask, **how)).offers


async def move(
    s: Stack, appointment: UUID, offer: Offer | str, who: str | UUID = "maria-lopez", **how: Any
) -> Rescheduled:
    """Move the appointment to the offer."""
    text = offer if isinstance(offer, str) else offer.offer
    how = how if "token" in how else {"as_": who, **how}
    return await s.ask(RESCHEDULE, Reschedule(appointment=appointment, offer=text), **how)


async def moved(s: Stack, appointment: UUID, who: str | UUID = "maria-lopez", **wanted: Any) -> Rescheduled:
    """Move the appointment to the best of what is wanted."""
    return await move(s, appointment, (await others(s, appointment, who, **wanted))[0], who)
