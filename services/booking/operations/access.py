"""Who acts for a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.booking.model.refusals import NoSuchAppointment
from shared.errors import NotFound
from shared.identity import access
from shared.identity.people import Role
from shared.requests.directory import Ground as Open

if TYPE_CHECKING:
    from uuid import UUID

    from services.booking.store.appointments import Row
    from shared.app import Ground
    from shared.call import Call

FOR_THEM = frozenset({Open.SELF, Open.PROXY})


async def require_own(ground: Ground, call: Call, patient: UUID) -> None:
    """Raise NotFound unless the caller is the patient or holds their proxy."""
    if await access.may_open(ground, call, patient) not in FOR_THEM:
        raise NotFound


def at_front_desk(call: Call, office: UUID) -> bool:
    """Whether the caller is of the office's front desk, which sees to when and where and reads no words."""
    return Role.FRONT_DESK in call.person.roles and f"front-desk:{office}" in call.person.teams


async def require_arranging(ground: Ground, call: Call, row: Row) -> None:
    """Raise NoSuchAppointment unless the caller is the patient, their proxy, or the front desk of its office."""
    if at_front_desk(call, row.office):
        return
    try:
        await require_own(ground, call, row.patient)
    except NotFound:
        raise NoSuchAppointment from None
