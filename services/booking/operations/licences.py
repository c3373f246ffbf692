"""Look every day whether those booked will be licensed where the patient is, and have what lapsed moved by staff."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from baton_events.booking import AppointmentLicenceLapsed, AppointmentLicenceRestored
from baton_events.codes import VisitKind
from services.booking.model.moves import move_due
from services.booking.store import licences as store
from shared import audit, idempotency
from shared.background import repeat
from shared.errors import NotFound
from shared.outbox import announce
from shared.requests.common import OfPatient
from shared.requests.directory import CLINICIANS, PATIENT, FindClinicians
from shared.requests.moves import LicencesChecked
from shared.sealing import is_erased

if TYPE_CHECKING:
    import asyncio
    from uuid import UUID

    from services.booking.operations.ground import BookingGround
    from services.booking.store.licences import ToCome
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.moves import CheckLicences

EVERY = timedelta(days=1)
AHEAD = timedelta(days=90)
BATCH = 500
POLL_SECONDS = 5.0
NEVER = datetime.min.replace(tzinfo=UTC)
ALWAYS = datetime.max.replace(tzinfo=UTC)


class Known:
    """What directory said in one round: asked once for each clinician and state, and once for each patient by video."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._until: dict[tuple[UUID, str], datetime] = {}
        self._states: dict[UUID, str | None] = {}

    async def lapsed(self, one: ToCome) -> bool | None:
        """Whether the clinician's licence there has ended when the visit begins; None where nobody lives any more."""
        state = await self._state(one)
        return None if state is None else await self._licensed_until(one.clinician, state) <= one.start

    async def _state(self, one: ToCome) -> str | None:
        """Where the patient will be: at the office, by video where they say, or else where they live."""
        if one.state is not None:
            return one.state
        if one.kind is VisitKind.OFFICE and one.office in self._ground.practice.offices:
            return self._ground.practice.offices[one.office].state
        if one.patient not in self._states:
            self._states[one.patient] = await self._home(one.patient)
        return self._states[one.patient]

    async def _home(self, patient: UUID) -> str | None:
        try:
            return (await self._ground.bus.call_as_self(PATIENT, OfPatient(patient=patient), cause=None)).state
        except NotFound:
            return None

    async def _licensed_until(self, clinician: UUID, state: str) -> datetime:
        if (clinician, state) not in self._until:
            ask = FindClinicians(clinician=clinician, state=state)
            found = (await self._ground.bus.call_as_self(CLINICIANS, ask, cause=None)).clinicians
            self._until[clinician, state] = found[0].licensed_until or ALWAYS if found else NEVER
        return self._until[clinician, state]


async def look_for_lapses(ground: Ground, stop: asyncio.Event) -> None:
    """Look every day, and when told, until told to stop."""
    await repeat("booking.licences", partial(look_round, ground), stop)


async def look_round(ground: Ground) -> float:
    """Look at all that is booked, if it is time; gives the seconds until it may be again."""
    now = ground.clock()
    async with ground.db.reading() as tx:
        due = await store.next_at(tx)
    if due > now:
        return POLL_SECONDS
    await look(ground, now)
    async with ground.db.transaction() as tx:
        await store.put_off(tx, due, now + EVERY)
    return 0.0


async def look(ground: Ground, now: datetime) -> None:
    """Say of each appointment to come, once, that it needs another clinician, or that it needs none any more."""
    known, last = Known(ground), None
    while True:
        async with ground.db.reading() as tx:
            page = await store.to_come(tx, now, now + AHEAD, last, BATCH)
        for one in page:
            lapsed = await known.lapsed(one)
            if lapsed is not None and lapsed != one.lapsed:
                await _say(ground, one, now, lapsed=lapsed)
        if len(page) < BATCH:
            return
        last = page[-1]


async def _say(ground: Ground, one: ToCome, now: datetime, *, lapsed: bool) -> None:
    async with ground.db.transaction() as tx:
        if await is_erased(tx, one.patient):
            return
        if not (await store.lapse(tx, one, now) if lapsed else await store.restore(tx, one)):
            return
        event = _lapsed(one, now) if lapsed else AppointmentLicenceRestored(appointment=one.id, patient=one.patient)
        told = await announce(tx, event, now)
        await audit.record_reaction(
            tx, "booking", told, now, "write", event.kind.name, patient=one.patient, object=one.id
        )


def _lapsed(one: ToCome, now: datetime) -> AppointmentLicenceLapsed:
    return AppointmentLicenceLapsed(
        appointment=one.id,
        patient=one.patient,
        clinician=one.clinician,
        office=one.office,
        move_owner=f"team:front-desk:{one.office}",
        move_due=move_due(one.start, now),
    )


async def check_licences(ground: BookingGround, call: Call, _: CheckLicences) -> LicencesChecked:
    """Look at once, since what the practice knows of licences or states has changed."""
    done = LicencesChecked(at=call.now)
    async with ground.db.transaction() as tx:
        await store.hurry(tx, call.now)
        await audit.record(tx, call, "write", patient=None)
        await idempotency.keep(tx, call, done)
    return done
