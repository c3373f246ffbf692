"""Claims that lapse, whose time goes to the next, and waits that are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.booking import WaitlistLapsed, WaitlistLeft
from services.booking.store import appointments
from services.booking.store import waitlist as store
from services.booking.store import waitlist_claims as claims
from services.booking.store.waitlist_claims import ClaimStatus
from shared import audit
from shared.deadlines import cancel_deadlines
from shared.outbox import announce
from shared.requests.waitlist import WaitStatus
from shared.sealing import is_erased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from services.booking.store.waitlist import WaitRow
    from services.booking.store.waitlist_claims import ClaimRow
    from shared.app import Ground
    from shared.database import Tx
    from shared.deadlines import Deadline

CLAIM_LAPSES = "claim-lapses"
WAIT_ENDS = "wait-ends"


async def claim_lapses(ground: Ground, tx: Tx, deadline: Deadline) -> None:
    """The time was not taken; it goes to the next."""
    found = await claims.find(tx, deadline.entity)
    wait = await store.lock(tx, found.wait) if found else None
    claim = await claims.find(tx, deadline.entity)
    if wait is None or claim is None or claim.status is not ClaimStatus.LIVE:
        return
    now = ground.clock()
    event = await _lapse(tx, wait, claim, now)
    if event is not None:
        await audit.record_reaction(
            tx, "booking", event, now, "write", CLAIM_LAPSES, patient=wait.patient, object=wait.id
        )


async def wait_ends(ground: Ground, tx: Tx, deadline: Deadline) -> None:
    """What they waited for is past."""
    wait, now = await store.lock(tx, deadline.entity), ground.clock()
    if wait is None or wait.status is not WaitStatus.WAITING or wait.until != deadline.due_at:
        return
    event = await _end(tx, wait, now)
    if event is not None:
        await audit.record_reaction(tx, "booking", event, now, "write", WAIT_ENDS, patient=wait.patient, object=wait.id)


async def end(tx: Tx, wait: WaitRow, now: datetime) -> None:
    """Have them wait no longer; the wait must be locked. What was theirs to take goes to the next."""
    await cancel_deadlines(tx, WAIT_ENDS, wait.id, now)
    await _end(tx, wait, now)


async def waits_no_more_instead_of(tx: Tx, appointment: UUID, now: datetime) -> None:
    """There is no appointment any more for which an earlier time is wanted; it must be locked."""
    wait = await store.lock_instead_of(tx, appointment)
    if wait is not None:
        await end(tx, wait, now)


async def waits_for_nothing(tx: Tx, patient: UUID, now: datetime) -> None:
    """Have the patient wait for nothing any more."""
    for found in await store.of_patient(tx, patient):
        wait = await store.lock(tx, found.id)
        if wait is not None and wait.status is WaitStatus.WAITING:
            await end(tx, wait, now)


async def _end(tx: Tx, wait: WaitRow, now: datetime) -> UUID | None:
    claim = await claims.live_of(tx, wait.id)
    if claim is not None:
        await cancel_deadlines(tx, CLAIM_LAPSES, claim.id, now)
        await _lapse(tx, wait, claim, now)
    await store.settle(tx, wait.id, WaitStatus.LEFT, now)
    if await is_erased(tx, wait.patient):
        return None
    return await announce(tx, WaitlistLeft(wait=wait.id, patient=wait.patient), now)


async def _lapse(tx: Tx, wait: WaitRow, claim: ClaimRow, now: datetime) -> UUID | None:
    """The time is the next's; gives the event, none for whom nothing is told of any more. The wait must be locked."""
    await claims.lock(tx, claim.freed_time)
    await claims.settle(tx, claim.id, ClaimStatus.LAPSED, now)
    await appointments.withdraw_proposed(tx, claim.id)
    await claims.open_again(tx, claim.freed_time)
    if await is_erased(tx, wait.patient):
        return None
    return await announce(tx, WaitlistLapsed(wait=wait.id, patient=wait.patient, claim=claim.id), now)
