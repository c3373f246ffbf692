"""The erasure of a patient's record: asked for, withdrawn, approved, listed; completed when all have confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from baton_events.directory import ErasureApproved, ErasureCompleted, ErasureRequested, ErasureWithdrawn
from services.directory.model.erasure import ERASE_WITHIN, KEEPERS, ErasureDecided, NoSuchErasure
from services.directory.model.rules import UnknownPerson
from services.directory.store import erasures as store
from services.directory.store import people
from shared import audit, idempotency
from shared.identity.people import Role
from shared.outbox import announce
from shared.requests.directory import Erasure, Erasures, ErasureState, ErasureStatus
from shared.sealing import mark_erased, refuse_erased

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    import asyncpg

    from baton_events.codes import ServiceName
    from shared.app import Ground, Received
    from shared.call import Call
    from shared.database import Tx
    from shared.requests.directory import AskErasures, OfErasure, RequestErasure

MOST = 200


async def request(ground: Ground, call: Call, ask: RequestErasure) -> ErasureState:
    """Ask for everything held about the patient to be made unreadable, within a day; a privacy officer decides.

    Raises UnknownPerson for anybody but the patient and the officer, ErasureAskedFor.
    """
    if not _is_officer(call) and call.person.id != ask.patient:
        raise UnknownPerson
    erasure, due = uuid4(), call.now + ERASE_WITHIN
    done = ErasureState(erasure=erasure, status=ErasureStatus.REQUESTED, due=due)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        if not await people.is_patient(tx, ask.patient):
            raise UnknownPerson
        await store.request(tx, erasure, ask.patient, call.person.id, call.now, due)
        await announce(tx, ErasureRequested(erasure=erasure, patient=ask.patient, erase_due=due), call.now)
        await audit.record(tx, call, "write", patient=ask.patient, object=erasure)
        await idempotency.keep(tx, call, done)
    return done


async def withdraw(ground: Ground, call: Call, ask: OfErasure) -> ErasureState:
    """Keep the record after all, before anybody has approved; raises NoSuchErasure, ErasureDecided."""
    async with ground.db.transaction() as tx:
        row = await _undecided(tx, call, ask.erasure)
        done = ErasureState(erasure=ask.erasure, status=ErasureStatus.WITHDRAWN, due=row["due"])
        await store.withdraw(tx, ask.erasure, call.person.id, call.now)
        await announce(tx, ErasureWithdrawn(erasure=ask.erasure, patient=row["patient"]), call.now)
        await audit.record(tx, call, "write", patient=row["patient"], object=ask.erasure)
        await idempotency.keep(tx, call, done)
    return done


async def approve(ground: Ground, call: Call, ask: OfErasure) -> ErasureState:
    """Decide it, for good: from the commit on nobody is told of the patient, and every service destroys its keys.

    Raises NoSuchErasure, ErasureDecided.
    """
    async with ground.db.transaction() as tx:
        row = await _undecided(tx, call, ask.erasure)
        done = ErasureState(erasure=ask.erasure, status=ErasureStatus.APPROVED, due=row["due"])
        await store.approve(tx, ask.erasure, call.person.id, call.now)
        await mark_erased(tx, row["patient"], call.now)
        await store.blank(tx, row["patient"])
        await announce(tx, ErasureApproved(erasure=ask.erasure, patient=row["patient"]), call.now)
        await audit.record(tx, call, "write", patient=row["patient"], object=ask.erasure, erased_too=True)
        await idempotency.keep(tx, call, done)
    return done


async def erasures(ground: Ground, call: Call, _: AskErasures) -> Erasures:
    """To an officer those that are not over, most urgent first; to a patient their own."""
    patient = None if _is_officer(call) else call.person.id
    async with ground.db.transaction() as tx:
        rows = await store.listed(tx, patient, MOST)
        await audit.record(tx, call, "read", patient=patient, range=f"{len(rows)} erasures")
    return Erasures(erasures=[_listed(row) for row in rows])


async def confirm(tx: Tx, erasure: UUID, patient: UUID, service: ServiceName, now: datetime) -> None:
    """Note that a service has erased its part; say so once all have. What was never asked for here is only noted."""
    row = await store.lock(tx, erasure)
    confirmed = await store.confirm(tx, erasure, service, now)
    if row is not None and row["completed_at"] is None and row["approved_at"] is not None and confirmed >= KEEPERS:
        await store.complete(tx, erasure, now)
        await announce(tx, ErasureCompleted(erasure=erasure, patient=patient), now)


async def blank(tx: Tx, got: Received[ErasureApproved], _: datetime) -> None:
    """Take away who the patient was, also from data that an old backup brought back."""
    await store.blank(tx, got.event.patient)


def _is_officer(call: Call) -> bool:
    return Role.PRIVACY_OFFICER in call.person.roles


async def _undecided(tx: Tx, call: Call, erasure: UUID) -> asyncpg.Record:
    row = await store.lock(tx, erasure)
    if row is None or not (_is_officer(call) or row["patient"] == call.person.id):
        raise NoSuchErasure
    if row["approved_at"] is not None or row["withdrawn_at"] is not None:
        raise ErasureDecided
    return row


def _listed(row: asyncpg.Record) -> Erasure:
    return Erasure(
        erasure=row["id"],
        patient=row["patient"],
        status=_status(row),
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        due=row["due"],
        missing=sorted(KEEPERS - set(row["confirmed"])) if row["approved_at"] is not None else [],
    )


def _status(row: asyncpg.Record) -> ErasureStatus:
    if row["completed_at"] is not None:
        return ErasureStatus.COMPLETED
    if row["withdrawn_at"] is not None:
        return ErasureStatus.WITHDRAWN
    return ErasureStatus.REQUESTED if row["approved_at"] is None else ErasureStatus.APPROVED
