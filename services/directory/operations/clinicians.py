"""Who may treat where, and who may prescribe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.directory.model.rules import UnknownPerson, check_moment, lacking
from services.directory.store import people, relationships
from shared.identity.people import Person
from shared.requests.directory import Clinicians, MayPrescribe
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.directory import AskMayPrescribe, FindClinicians


async def clinicians(ground: Ground, call: Call, ask: FindClinicians) -> Clinicians:
    """Those licensed in the state, or in the patient's; none in a state where the practice does not work.

    Raises UnknownPerson when a person asks for another.
    """
    check_moment(ask.at)
    if ask.patient is not None and isinstance(call.caller, Person) and call.caller.id != ask.patient:
        raise UnknownPerson
    async with ground.db.reading() as tx:
        if ask.patient is not None:
            await refuse_erased(tx, ask.patient)
        found = await people.clinicians(
            tx,
            at=ask.at or call.now,
            states=ground.practice.states,
            state=ask.state if ask.patient is None else None,
            patient=ask.patient,
            clinician=ask.clinician,
        )
        if not found and ask.patient is not None and not await people.is_patient(tx, ask.patient):
            raise UnknownPerson
    return Clinicians(clinicians=found)


async def may_prescribe(ground: Ground, call: Call, ask: AskMayPrescribe) -> MayPrescribe:
    """Whether credential and licence in the patient's state allow it then, and a relationship now."""
    clinician = call.person.id
    async with ground.db.reading() as tx:
        await refuse_erased(tx, ask.patient)
        prescribes, licensed = await people.prescriber(tx, clinician, ask.patient, ask.at)
        related = await relationships.active(tx, ask.patient, clinician, call.now) is not None
    lack = lacking(prescribes=prescribes, related=related, licensed=licensed)
    return MayPrescribe(allowed=lack is None, lacking=lack)
