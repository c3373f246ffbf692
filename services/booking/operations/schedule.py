"""A day's list, for those who work it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.booking.store import appointments
from shared import audit
from shared.errors import Invalid, NotFound
from shared.identity.people import Role
from shared.requests.booking import Schedule

if TYPE_CHECKING:
    from uuid import UUID

    from shared.app import Ground
    from shared.call import Call
    from shared.requests.booking import AskSchedule


async def schedule(ground: Ground, call: Call, ask: AskSchedule) -> Schedule:
    """The office's day for its front desk and room team, their own for a clinician; logistics only.

    Raises NotFound for an office that is not theirs.
    """
    person = call.person
    whole_office = ask.office is not None and works_at(call, ask.office)
    if not whole_office and Role.CLINICIAN not in person.roles:
        if ask.office is None:
            raise Invalid(field="office", problem="missing")
        raise NotFound
    zones = {office.id: office.time_zone for office in ground.practice.offices.values()}
    async with ground.db.transaction() as tx:
        if whole_office and ask.office is not None:
            found = await appointments.of_office_on(tx, ask.office, ask.day, zones)
        else:
            found = await appointments.of_clinician_on(tx, person.id, ask.office, ask.day, zones)
        listed = f"{ask.day}: {len(found)} appointments"
        await audit.record(tx, call, "read", patient=None, object=ask.office or person.id, range=listed)
    return Schedule(appointments=found)


def works_at(call: Call, office: UUID) -> bool:
    """Whether the caller's teams look after the office."""
    person = call.person
    front_desk = Role.FRONT_DESK in person.roles and f"front-desk:{office}" in person.teams
    return front_desk or (Role.NURSE in person.roles and f"room:{office}" in person.teams)
