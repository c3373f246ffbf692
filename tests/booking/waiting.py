"""What the tests of the waitlist do again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

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
from tests.booking.people import BEN
from tests.booking.visits import CANARY, first, take

if TYPE_CHECKING:
    from uuid import UUID

    from shared.requests.booking import Booked
    from tests.support.stack import Stack

MORNING = datetime(2027, 3, 2, 18, 2, tzinfo=UTC)
"""Ten in the morning on the west coast."""
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)


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

    async def theirs() -> Claim | None:
        return next((one.claim for one in await waits(s, who, token=token) if one.claim), None)

    return await s.until(theirs)


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
    look = "SELECT NOT EXISTS (SELECT 1 FROM freed_time WHERE status = 'open')"
    await s.until(lambda: s.fetchval("booking", look))
    await s.quiet()


def _as(who: str | UUID, token: str) -> dict[str, Any]:
    return {"token": token} if token else {"as_": who}
