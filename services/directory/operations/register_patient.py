"""Take somebody on as a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from services.directory.model.rules import UnknownPerson, check_patient
from services.directory.operations.begin import begin
from services.directory.store import people
from shared import audit, idempotency
from shared.requests.directory import PatientRegistered

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.directory import RegisterPatient


async def register_patient(ground: Ground, call: Call, ask: RegisterPatient) -> PatientRegistered:
    """A new patient of the practice, treated by their own clinician where one is named."""
    check_patient(ask, call.now.date())
    done = PatientRegistered(patient=uuid4())
    own = ask.own_clinician
    async with ground.db.transaction() as tx:
        if own is not None and not await people.clinicians(tx, at=call.now, clinician=own):
            raise UnknownPerson
        await people.add_patient(tx, done.patient, ask)
        if own is not None:
            await begin(tx, done.patient, own, call.now)
        await audit.record(tx, call, "write", patient=done.patient)
        await idempotency.keep(tx, call, done)
    return done
