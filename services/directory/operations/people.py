"""Who somebody is: the caller, a patient, members of staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.directory.model.rules import UnknownPerson, names_wanted
from services.directory.store import people
from shared import audit
from shared.requests.directory import AskMe, Me, People
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.common import OfPatient
    from shared.requests.directory import FindPeople, PatientCard


async def me(ground: Ground, call: Call, _: AskMe) -> Me:
    """Who is signed in; raises UnknownPerson for somebody the practice does not know."""
    person = call.person
    roles, teams = sorted(person.roles), sorted(person.teams)
    async with ground.db.transaction() as tx:
        staff = await people.staff_member(tx, person.id)
        if staff is not None:
            return Me(person=person.id, name=staff["name"], roles=roles, teams=teams, time_zone=staff["time_zone"])
        await refuse_erased(tx, person.id)
        card = await people.patient_card(tx, person.id)
        if card is None:
            raise UnknownPerson
        await audit.record(tx, call, "read", patient=person.id)
    return Me(
        person=person.id,
        name=card.name,
        roles=roles,
        teams=teams,
        time_zone=card.time_zone,
        state=card.state,
        own_clinician=card.own_clinician,
    )


async def patient(ground: Ground, call: Call, ask: OfPatient) -> PatientCard:
    """What a service needs to know of the patient; on record before it is answered."""
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        card = await people.patient_card(tx, ask.patient)
        if card is None:
            raise UnknownPerson
        await audit.record(tx, call, "read", patient=ask.patient)
    return card


async def staff(ground: Ground, _: Call, ask: FindPeople) -> People:
    """Names of members of staff."""
    wanted = names_wanted(ask.ids)
    async with ground.db.reading() as tx:
        return People(people=await people.staff_names(tx, wanted))
