"""Find out by itself what is due for patients, have it offered to them, and let them put it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from baton_events.visits import GapClosed, GapFound, GapSnoozed
from services.visits.model.refusals import NotDue, SnoozedTooLong
from services.visits.operations.access import require_patient
from services.visits.operations.record_of_care import due_now
from services.visits.store import gaps
from shared import audit, idempotency
from shared.background import repeat
from shared.errors import NotFound
from shared.outbox.add import announce
from shared.requests.common import OfPatient
from shared.requests.directory import PATIENT
from shared.requests.paths import Snoozed
from shared.sealing import Kind, PatientErased, refuse_erased

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime
    from uuid import UUID

    from services.visits.store.gaps import GapRow
    from shared.app import Ground
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.directory import PatientCard
    from shared.requests.paths import Snooze
    from shared.sealing import GroupKeys

LOOK_EVERY = timedelta(days=7)
OFFER_WITHIN = timedelta(days=30)
LONGEST_SNOOZE = timedelta(days=366)
OFFERED_BY = "team:care"
BATCH = 50
POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Known:
    """What is asked about a patient before the transaction opens."""

    card: PatientCard
    keys: GroupKeys


async def look_for_gaps(ground: Ground, stop: asyncio.Event) -> None:
    """Look at every patient whose turn it is, until told to stop."""
    await repeat("visits.gaps", partial(look_round, ground), stop)


async def look_round(ground: Ground) -> float:
    """Look at those whose turn it is; gives the seconds until there may be more."""
    now = ground.clock()
    async with ground.db.reading() as tx:
        patients = await gaps.due(tx, now, BATCH)
    for patient in patients:
        await look(ground, patient, now)
    return 0.0 if len(patients) == BATCH else POLL_SECONDS


async def look(ground: Ground, patient: UUID, now: datetime) -> None:
    """Say what is newly due for the patient and what is no more; one who is gone is looked at no more."""
    known = await _known(ground, patient)
    async with ground.db.transaction() as tx:
        if not await gaps.claim(tx, patient, now):
            return
        if known is None:
            await gaps.forget(tx, patient)
            return
        await refuse_erased(tx, patient)
        await _compare(ground, tx, known, now)
        await gaps.look_next(tx, patient, now + LOOK_EVERY)


async def _known(ground: Ground, patient: UUID) -> Known | None:
    try:
        card = await ground.bus.call_as_self(PATIENT, OfPatient(patient=patient), cause=None)
        return Known(card, await ground.sealing.keys(patient, patient))
    except (NotFound, PatientErased):
        return None


async def _compare(ground: Ground, tx: Tx, known: Known, now: datetime) -> None:
    patient = known.card.patient
    found, _ = await due_now(tx, ground.practice, known.card, known.keys, now)
    due = {rule.code for rule, _ in found}
    live = {code_of(ground, gap, known.keys): gap for gap in await gaps.live(tx, patient, now)}
    for code in due - live.keys():
        gap = uuid4()
        sealed = known.keys.seal(code.encode(), kind=Kind.GAP, object=gap, author=ground.practice.id)
        await gaps.add(tx, gap, patient, sealed, now)
        await announce(
            tx, GapFound(gap=gap, patient=patient, offer_owner=OFFERED_BY, offer_due=now + OFFER_WITHIN), now
        )
    for code in live.keys() - due:
        await gaps.close(tx, live[code].id, now)
        await announce(tx, GapClosed(gap=live[code].id, patient=patient), now)


def code_of(ground: Ground, gap: GapRow, keys: GroupKeys) -> str:
    """The rule by which it is due."""
    return keys.open(gap.sealed, kind=Kind.GAP, object=gap.id, author=ground.practice.id).decode()


async def snooze(ground: Ground, call: Call, ask: Snooze) -> Snoozed:
    """Put off what is due; raises NotDue when it is done, SnoozedTooLong."""
    async with ground.db.reading() as tx:
        gap = await gaps.one(tx, ask.gap)
    if gap is None:
        raise NotFound
    await require_patient(ground, call, gap.patient)
    if not call.now < ask.until <= call.now + LONGEST_SNOOZE:
        raise SnoozedTooLong(field="until")
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, gap.patient)
        await gaps.watch(tx, gap.patient, ask.until)  # before the gap, as when it is looked for
        if await gaps.lock(tx, ask.gap) is None:
            raise NotDue
        await gaps.snooze(tx, ask.gap, ask.until)
        await announce(tx, GapSnoozed(gap=ask.gap, patient=gap.patient, until=ask.until), call.now)
        await audit.record(tx, call, "write", patient=gap.patient, object=ask.gap)
        done = Snoozed(gap=ask.gap, until=ask.until)
        await idempotency.keep(tx, call, done)
    return done
