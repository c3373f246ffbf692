"""Offer times that came free to those who wait, one after another, until somebody takes them or nobody is left.

First the clinician's own patients, then first come, first served. From an open time to a claim with its event and its
deadline is one transaction, so that a crash leaves either the one or the other; any number of instances may work.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from baton_events.booking import WaitlistOffered
from services.booking.model.hours import Stretch
from services.booking.model.waitlist import SHORTEST_CLAIM, left_over
from services.booking.operations.waitlist_fit import Fit, fit
from services.booking.operations.waitlist_over import CLAIM_LAPSES
from services.booking.store import appointments
from services.booking.store import waitlist as store
from services.booking.store import waitlist_claims as claims
from services.booking.store.waitlist_claims import ClaimRow, FreedTime, TimeStatus
from shared import audit
from shared.background import repeat
from shared.crash import CrashPoint, reach
from shared.deadlines import set_deadline
from shared.outbox import announce
from shared.requests.waitlist import WaitStatus
from shared.sealing import is_erased

if TYPE_CHECKING:
    import asyncio
    from uuid import UUID

    from services.booking.operations.ground import BookingGround
    from services.booking.store.waitlist import WaitRow
    from shared.database import Tx

POLL_SECONDS = 0.5
TIMES = 16
AT_ONCE = 20
TRIES = 3
"""How often somebody is looked at whose wait, or time, changed while they were looked at."""


class Outcome(Enum):
    """What came of offering a time to somebody."""

    OFFERED = auto()
    CHANGED = auto()
    NOT_OPEN = auto()


async def offer_freed_times(ground: BookingGround, stop: asyncio.Event) -> None:
    """Offer what is free to who waits, until told to stop."""
    await repeat("booking.waitlist", partial(offer_round, ground), stop)


async def offer_round(ground: BookingGround) -> float:
    """Pass on what is open; gives the seconds until there may be more. One time's fault holds up no other."""
    async with ground.db.reading() as tx:
        times = await claims.open_times(tx, TIMES)
    faults = []
    for time in times:
        try:
            await pass_on(ground, time)
        except Exception as error:  # noqa: BLE001 - raised below, when the others have been seen to
            faults.append(error)
    if faults:
        raise faults[0]
    return 0.0 if times else POLL_SECONDS


async def pass_on(ground: BookingGround, time: FreedTime) -> None:
    """Offer the time to the next whom it fits; when nobody is left it is simply free."""
    now = ground.clock()
    seen: dict[UUID, int] = {}
    while time.stretch.end > now + SHORTEST_CLAIM:
        done = [wait for wait, tries in seen.items() if tries >= TRIES]
        async with ground.db.reading() as tx:
            waits = await store.next_for(tx, time.id, now, done, AT_ONCE)
        if not waits:
            break
        for wait in waits:
            outcome = await _try(ground, time, wait, now)
            if outcome in {Outcome.OFFERED, Outcome.NOT_OPEN}:
                return
            if outcome is Outcome.CHANGED:
                seen[wait.id] = seen.get(wait.id, 0) + 1
                break
            seen[wait.id] = TRIES
    async with ground.db.transaction() as tx:
        locked = await claims.lock(tx, time.id)
        if locked is not None and _unchanged(locked, time):
            await claims.settle_time(tx, time.id, TimeStatus.FREE, now)


async def _try(ground: BookingGround, time: FreedTime, wait: WaitRow, now: datetime) -> Outcome | None:
    """None where the time does not fit."""
    found = await fit(ground, wait, time, now)
    if found is None:
        return None
    async with ground.db.transaction() as tx:
        outcome = await _offer(tx, time, wait, found, now)
        reach(CrashPoint.WAITLIST_OFFERED)
    reach(CrashPoint.WAITLIST_COMMITTED)
    return outcome


def _unchanged(locked: FreedTime, time: FreedTime) -> bool:
    return locked.status is TimeStatus.OPEN and locked.token == time.token


async def _offer(tx: Tx, time: FreedTime, wait: WaitRow, found: Fit, now: datetime) -> Outcome:
    """Have it be theirs to take until the claim lapses, held by the constraints that keep appointments apart."""
    row = await store.lock(tx, wait.id)
    if row is None or row.status is not WaitStatus.WAITING or row.revision != wait.revision:
        return Outcome.CHANGED
    if await claims.live_of(tx, wait.id) is not None or await is_erased(tx, wait.patient):
        return Outcome.CHANGED
    locked = await claims.lock(tx, time.id)
    if locked is None or not _unchanged(locked, time):
        return Outcome.NOT_OPEN
    visit = found.visit
    if not await appointments.take(tx, visit, proposed=True):
        return Outcome.CHANGED
    claim = ClaimRow(id=visit.id, wait=wait.id, freed_time=time.id, token=locked.token + 1, lapses_at=found.lapses_at)
    taken = Stretch(visit.start, visit.end)
    await claims.offer(tx, locked, wait.id, claim, taken, now)
    for stretch in left_over(locked.stretch, taken):
        await claims.add(tx, claims.another(locked, stretch))
    await set_deadline(tx, CLAIM_LAPSES, claim.id, claim.lapses_at)
    offered = WaitlistOffered(wait=wait.id, patient=wait.patient, claim=claim.id, lapses=claim.lapses_at)
    event = await announce(tx, offered, now)
    await audit.record_reaction(
        tx, "booking", event, now, "write", "offer-freed-time", patient=wait.patient, object=wait.id
    )
    return Outcome.OFFERED
