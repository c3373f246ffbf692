"""On what ground a person may open a patient's record: themselves, or what directory answers in this request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import NotFound
from shared.requests.common import OfPatient
from shared.requests.directory import MAY_OPEN, Ground

if TYPE_CHECKING:
    from uuid import UUID

    from shared import app
    from shared.call import Call


async def may_open(ground: app.Ground, call: Call, patient: UUID) -> Ground | None:
    """The ground, or None; asks directory on behalf of the caller each time and keeps nothing.

    Raises Unavailable when directory does not answer: no answer, no access.
    """
    if call.person.id == patient:
        return Ground.SELF
    answer = await ground.bus.call(MAY_OPEN, OfPatient(patient=patient), behalf=call)
    return answer.ground


async def require_open(ground: app.Ground, call: Call, patient: UUID) -> Ground:
    """The ground; raises NotFound where there is none, as for a patient that does not exist."""
    found = await may_open(ground, call, patient)
    if found is None:
        raise NotFound
    return found
