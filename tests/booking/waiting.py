"""What the tests of the waitlist do again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest_asyncio

from deploy.issuer.mint import mint
from shared.requests.booking import CANCEL, OfAppointment
from shared.requests.common import OfPatient
from shared.requests.waitlist import (
    CHANGE_WAIT,
    CLAIM_TIME,
    LEAVE_WAITLIST,
    WAIT,
    WAITING,
    ChangeWait,
    Claim,
    ClaimTime,
    OfWait,
    TimeClaimed,
    Wait,
    Waited,
    WaitState,
)
from tests.booking.moving import fresh
from tests.booking.people import BEN
from tests.booking.visits import CANARY, first, take
from tests.support.stack import stack
from tests.support.surroundings import ISSUER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.requests.booking import Booked
    from tests.support.stack import Stack

MORNING = datetime(2027, 3, 2, 18, 2, tzinfo=UTC)
"""Ten in the morning on the west coast."""
HOUR = timedelta(hours=1)
ADD_PATIENTS = """
INSERT INTO patient (id, name, birth_date, state, time_zone, latitude, longitude)
SELECT unnest($1::uuid[]), 'One of a crowd', '1980-01-01', 'CA', 'America/Los_Angeles', 37.76, -122.43
"""
QUARTER = timedelta(minutes=15)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services() -> AsyncIterator[Stack]:
    """Booking and what it asks, once for a file's tests, which share a loop."""
    async with stack("directory", "booking") as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def s(services: Stack) -> AsyncIterator[Stack]:
    """The same for one test, in the morning, with nothing booked and nobody waiting."""
    async with fresh(services) as empty:
        empty.clock.set(MORNING)
        yield empty


async def wait_for(s: Stack, who: str | UUID = "maria-lopez", *, token: str = "", **wanted: Any) -> WaitState:
    """Wait for a time with Ben, or for what is wanted, for a week."""
    said = {"until": s.clock() + timedelta(days=7), **wanted}
    if "instead_of" not in said:
        said = {"reason": CANARY, "clinician": BEN, **said}
    return await s.ask(WAIT, Wait(**said), **_as(who, token))


async def change(s: Stack, wait: UUID, who: str | UUID = "maria-lopez", **wanted: Any) -> WaitState:
    """Wait for this and nothing of before."""
    said = {"until": s.clock() + timedelta(days=7), **wanted}
    return await s.ask(CHANGE_WAIT, ChangeWait(wait=wait, **said), as_=who)


async def leave(s: Stack, wait: UUID, who: str | UUID = "maria-lopez", **how: Any) -> WaitState:
    """Wait no longer."""
    return await s.ask(LEAVE_WAITLIST, OfWait(wait=wait), as_=who, **how)


async def waits(s: Stack, who: str | UUID = "maria-lopez", *, of: UUID | None = None, token: str = "") -> list[Waited]:
    """What the patient waits for."""
    return (await s.ask(WAITING, OfPatient(patient=of or s.person(who)), **_as(who, token))).waits


async def offered(s: Stack, who: str | UUID = "maria-lopez", *, token: str = "") -> Claim:
    """The time that is theirs to take, once it is."""

    async def theirs() -> list[Claim]:
        return [one.claim for one in await waits(s, who, token=token) if one.claim]

    return (await s.until(theirs))[0]


async def claim(
    s: Stack, theirs: Claim, who: str | UUID = "maria-lopez", *, token: str = "", **how: Any
) -> TimeClaimed:
    """Take it."""
    ask = ClaimTime(claim=theirs.claim, token=theirs.token)
    return await s.ask(CLAIM_TIME, ask, **_as(who, token), **how)


async def taken(s: Stack, hours: float = 3, who: str | UUID = "aisha-khan", **wanted: Any) -> Booked:
    """Somebody's time with Ben, so many hours from now."""
    wanted = {"clinician": BEN, "earliest": s.clock() + hours * HOUR, **wanted}
    return await take(s, await first(s, who, **wanted), who)


async def give_back(s: Stack, booked: Booked, who: str | UUID = "aisha-khan") -> None:
    """They come not; the time is free."""
    await s.ask(CANCEL, OfAppointment(appointment=booked.appointment), as_=who)


async def settled(s: Stack) -> None:
    """Every time that came free is somebody's to take, or taken, or simply free, and everything is told."""
    await s.quiet()
    look = "SELECT NOT EXISTS (SELECT 1 FROM freed_time WHERE status = 'open')"
    await s.until(lambda: s.fetchval("booking", look))
    await s.quiet()


def _as(who: str | UUID, token: str) -> dict[str, Any]:
    return {"token": token} if token else {"as_": who}


async def crowd(s: Stack, size: int) -> list[tuple[UUID, str]]:
    """Many patients of California, nobody's own, with their tokens."""
    people = [uuid4() for _ in range(size)]
    await s.fetch("directory", ADD_PATIENTS, people)
    key, now = s.servers.surroundings.issuer_key, datetime.now(UTC)
    return [(one, mint(key, issuer=ISSUER, person=one, roles=["patient"], now=now)) for one in people]


async def told(s: Stack, kind: Any, wait: UUID) -> list[Any]:
    """The events of the kind about the wait."""
    await s.quiet()
    return [got.event for got in await s.events(kind) if got.event.wait == wait]


async def live(s: Stack) -> list[Any]:
    """The claims there are, with whose they are."""
    look = "SELECT w.patient::text, c.* FROM claim c JOIN wait w ON w.id = c.wait WHERE c.status = 'live'"
    return await s.fetch("booking", look)


async def holder(s: Stack) -> UUID | None:
    """Whose the only time is that came free."""
    await settled(s)
    rows = await live(s)
    assert len(rows) <= 1
    return UUID(rows[0]["patient"]) if rows else None
