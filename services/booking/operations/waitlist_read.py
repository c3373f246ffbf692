"""See what one waits for, and the time that came."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from services.booking.operations.access import require_own
from services.booking.operations.waitlist_wish import opened
from services.booking.store import appointments
from services.booking.store import waitlist as store
from services.booking.store import waitlist_claims as claims
from shared import audit
from shared.requests.waitlist import Claim, Waited, Waits
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from services.booking.operations.ground import BookingGround
    from services.booking.store.waitlist import WaitRow
    from services.booking.store.waitlist_claims import ClaimRow
    from shared.call import Call
    from shared.requests.common import OfPatient
    from shared.sealing import GroupKeys


async def waits_of(ground: BookingGround, call: Call, ask: OfPatient) -> Waits:
    """What the patient waits for, to them and whoever holds their proxy, each with the time that is theirs to take."""
    await require_own(ground, call, ask.patient)
    keys = await ground.keys(ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        rows = await store.of_patient(tx, ask.patient)
        live = await claims.live_of_patient(tx, ask.patient)
        proposed = {wait: await appointments.find_proposed(tx, claim.id) for wait, claim in live.items()}
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(rows)} waits")
    shown = {
        wait: _claim(ground, live[wait], row) for wait, row in proposed.items() if row and _lasts(live[wait], call)
    }
    return Waits(waits=[_waited(row, keys, shown.get(row.id)) for row in rows])


def _lasts(claim: ClaimRow, call: Call) -> bool:
    return call.now < claim.lapses_at


def _claim(ground: BookingGround, claim: ClaimRow, row: appointments.Row) -> Claim:
    staff, office = ground.practice.staff.get(row.clinician), ground.practice.offices.get(row.office)
    return Claim(
        claim=claim.id,
        token=claim.token,
        clinician=row.clinician,
        clinician_name=staff.name if staff else "",
        credential=(staff.credential or "") if staff else "",
        office=row.office,
        office_name=office.name if office else "",
        kind=row.kind,
        start=row.start,
        end=row.end,
        local_start=row.start.astimezone(ZoneInfo(row.time_zone)).isoformat(timespec="minutes"),
        minutes=round((row.end - row.start).total_seconds() / 60),
        price_cents=row.price_cents,
        lapses_at=claim.lapses_at,
    )


def _waited(row: WaitRow, keys: GroupKeys, claim: Claim | None) -> Waited:
    wish = opened(keys, row)
    return Waited(
        wait=row.id,
        patient=row.patient,
        reason=wish.reason,
        visit_type=wish.visit_type,
        instead_of=row.instead_of,
        office=wish.office,
        clinician=wish.clinician,
        kind=wish.kind,
        earliest=wish.earliest,
        latest=wish.latest,
        after=wish.after,
        before=wish.before,
        days=sorted(wish.days),
        joined_at=row.joined_at,
        until=row.until,
        claim=claim,
    )
