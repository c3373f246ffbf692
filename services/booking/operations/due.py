"""What is due for a patient, offered while they book, before they ask for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from services.booking.operations.instead_of import reads_words
from shared.errors import Refusal
from shared.requests.common import OfPatient
from shared.requests.visits import DUE

if TYPE_CHECKING:
    from uuid import UUID

    from services.booking.operations.ground import BookingGround
    from shared.call import Call

WITHIN = timedelta(milliseconds=500)
"""Offers wait no longer than this for what is due."""


async def due_for(ground: BookingGround, call: Call, patient: UUID) -> list[str] | None:
    """The names of what is due and was not put off, to those who may read them; None when visits does not say."""
    if not reads_words(call):
        return None
    soon = replace(call, deadline=min(call.deadline, ground.bus.clock() + WITHIN))
    try:
        found = await ground.bus.call(DUE, OfPatient(patient=patient), behalf=soon)
    except Refusal:
        return None
    return [one.name for one in found.due if one.snoozed_until is None]
