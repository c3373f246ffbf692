"""Take a time that is one's own to take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec

from baton_events.booking import WaitlistClaimed
from services.booking.model.footprint import footprint
from services.booking.model.moves import require_movable
from services.booking.model.refusals import OfferGone
from services.booking.model.tokens import Held
from services.booking.model.waitlist import ClaimedAlready, ClaimLapsed, NoSuchClaim
from services.booking.operations.access import require_own
from services.booking.operations.availability import offers_again
from services.booking.operations.book import register, require_licence, take
from services.booking.operations.patience import patiently
from services.booking.operations.reschedule import move, moved_to
from services.booking.operations.waitlist_over import CLAIM_LAPSES, WAIT_ENDS
from services.booking.operations.waitlist_wish import opened
from services.booking.store import appointments, offers
from services.booking.store import waitlist as store
from services.booking.store import waitlist_claims as claims
from services.booking.store.waitlist_claims import ClaimStatus, TimeStatus
from shared import audit, idempotency
from shared.deadlines import cancel_deadlines
from shared.errors import NotFound
from shared.outbox import announce
from shared.requests.waitlist import TimeClaimed, WaitStatus
from shared.sealing import Kind, refuse_erased

if TYPE_CHECKING:
    from services.booking.model.wish import Wish
    from services.booking.operations.ground import BookingGround
    from services.booking.store.appointments import Row
    from services.booking.store.waitlist import WaitRow
    from services.booking.store.waitlist_claims import ClaimRow
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.booking import Offer
    from shared.requests.waitlist import ClaimTime
    from shared.sealing import GroupKeys


@dataclass(frozen=True)
class Claimed:
    """A claim with the wait it is of, and what is held by it, if it still is."""

    claim: ClaimRow
    wait: WaitRow
    held: Row | None


async def claim_time(ground: BookingGround, call: Call, ask: ClaimTime) -> TimeClaimed:
    """Take the time, as booking does, and be done waiting; a wait instead of an appointment moves that one.

    Raises NoSuchClaim and ClaimedAlready, and an OfferGone with the next best offers: ClaimLapsed also for a token
    that is not the newest.
    """
    found = await _find(ground, call, ask.claim)
    keys = await ground.keys(found.wait.patient)
    wish = opened(keys, found.wait)
    try:
        _require_live(found.claim, ask, call)
        if found.held is None:
            raise ClaimLapsed
        held = _as_offer(found.claim, found.held)
        await require_licence(ground, call, held, wish)
        if found.wait.instead_of is not None:
            return await _move(ground, call, ask, found, held, wish)
        return await _book(ground, call, ask, found, held, wish)
    except OfferGone as refusal:
        refusal.members["offers"] = await other_times(ground, call, keys, found.wait.patient, wish)
        raise


async def _find(ground: BookingGround, call: Call, claim: UUID) -> Claimed:
    """The claim, to the patient and whoever holds their proxy.

    Raises NoSuchClaim to everybody else, with offers for what the patient who asks waits for, if they do.
    """
    async with ground.db.reading() as tx:
        found = await claims.find(tx, claim)
        wait = await store.find(tx, found.wait) if found else None
        held = await appointments.find_proposed(tx, claim)
    if found is None or wait is None:
        raise await _no_such_claim(ground, call)
    try:
        await require_own(ground, call, wait.patient)
    except NotFound:
        raise await _no_such_claim(ground, call) from None
    return Claimed(found, wait, held)


async def _no_such_claim(ground: BookingGround, call: Call) -> NoSuchClaim:
    async with ground.db.reading() as tx:
        waits = await store.of_patient(tx, call.person.id)
    if not waits:
        return NoSuchClaim()
    keys = await ground.keys(call.person.id)
    wish = opened(keys, waits[-1])
    return NoSuchClaim(offers=await other_times(ground, call, keys, call.person.id, wish))


def _require_live(claim: ClaimRow, ask: ClaimTime, call: Call) -> None:
    if claim.status is ClaimStatus.CLAIMED:
        raise ClaimedAlready
    if claim.status is not ClaimStatus.LIVE or claim.token != ask.token or call.now >= claim.lapses_at:
        raise ClaimLapsed


def _as_offer(claim: ClaimRow, row: Row) -> Held:
    return Held(
        offer_set=claim.wait,
        patient=row.patient,
        clinician=row.clinician,
        office=row.office,
        kind=row.kind,
        start=row.start,
        minutes=round((row.end - row.start).total_seconds() / 60),
        price_cents=row.price_cents,
        lapses_at=claim.lapses_at,
    )


async def _book(
    ground: BookingGround, call: Call, ask: ClaimTime, found: Claimed, held: Held, wish: Wish
) -> TimeClaimed:
    assert found.held is not None
    visit, office = ground.practice.visit_types[wish.visit_type], ground.practice.offices[held.office]
    takes = footprint(ground.practice, visit, office, held.kind, held.clinician)
    row = replace(found.held, booked_by=call.person.id, booked_at=call.now, takes=takes)
    await register(ground, call, held, row)
    async with ground.db.transaction() as tx:
        await _claim(tx, call, ask, found)
        await take(tx, call, row)
        return await _close(tx, call, found, row)


async def _move(
    ground: BookingGround, call: Call, ask: ClaimTime, found: Claimed, held: Held, wish: Wish
) -> TimeClaimed:
    """The appointment is locked before the wait, as when it is given back."""
    assert found.wait.instead_of is not None
    async with ground.db.reading() as tx:
        was = await appointments.find(tx, found.wait.instead_of)
    if was is None:
        raise ClaimLapsed
    require_movable(was.status, was.end, call.now, started=was.started)
    moved = moved_to(ground, was, str(found.claim.id), held, wish)
    if moved.relationship != was.relationship:
        await register(ground, call, held, moved)
    async with ground.db.transaction() as tx:
        await appointments.lock(tx, was.id)
        await _claim(tx, call, ask, found)
        await move(tx, call, moved)
        return await _close(tx, call, found, moved)


async def _claim(tx: Tx, call: Call, ask: ClaimTime, found: Claimed) -> None:
    """Have the claim be used, if it is still theirs, and hold the time no longer: it is taken next."""
    await refuse_erased(tx, found.wait.patient)
    await store.lock(tx, found.wait.id)
    time, claim = await claims.lock(tx, found.claim.freed_time), await claims.find(tx, found.claim.id)
    assert claim is not None
    _require_live(claim, ask, call)
    if time is None or time.token != ask.token:
        raise ClaimLapsed
    await claims.settle(tx, claim.id, ClaimStatus.CLAIMED, call.now)
    await claims.settle_time(tx, time.id, TimeStatus.CLAIMED, call.now)
    await appointments.withdraw_proposed(tx, claim.id)


async def _close(tx: Tx, call: Call, found: Claimed, row: Row) -> TimeClaimed:
    wait, claim = found.wait, found.claim
    await store.settle(tx, wait.id, WaitStatus.CLAIMED, call.now)
    await cancel_deadlines(tx, CLAIM_LAPSES, claim.id, call.now)
    await cancel_deadlines(tx, WAIT_ENDS, wait.id, call.now)
    claimed = WaitlistClaimed(wait=wait.id, patient=wait.patient, claim=claim.id, appointment=row.id)
    await announce(tx, claimed, call.now)
    await audit.record(tx, call, "write", patient=wait.patient, object=wait.id)
    done = TimeClaimed(
        wait=wait.id,
        claim=claim.id,
        appointment=row.id,
        clinician=row.clinician,
        office=row.office,
        kind=row.kind,
        start=row.start,
        end=row.end,
        status=row.status,
    )
    await idempotency.keep(tx, call, done)
    return done


async def other_times(ground: BookingGround, call: Call, keys: GroupKeys, patient: UUID, wish: Wish) -> list[Offer]:
    """What can be had instead now, to be booked, or moved to, as any offer; none while directory cannot say by whom."""

    async def found() -> list[Offer]:
        asked, offer_set, author = await _as_it_stands(ground, wish), uuid4(), call.person.id
        sealed = keys.seal(msgspec.json.encode(asked), kind=Kind.OFFER_SET, object=offer_set, author=author)
        async with ground.db.transaction() as tx:
            await refuse_erased(tx, patient)
            await offers.add(tx, offer_set, patient, author, sealed, call.now)
            await audit.record(tx, call, "write", patient=patient, object=offer_set)
        return await offers_again(ground, call, offer_set, patient, asked)

    return await patiently(ground, call, found)


async def _as_it_stands(ground: BookingGround, wish: Wish) -> Wish:
    """The wish with the appointment that is to move as it is now."""
    if wish.moving is None:
        return wish
    async with ground.db.reading() as tx:
        row = await appointments.find(tx, wish.moving.appointment)
    assert row is not None
    now = msgspec.structs.replace(wish.moving, sequence=row.sequence, clinician=row.clinician, start=row.start)
    return msgspec.structs.replace(wish, moving=now)
