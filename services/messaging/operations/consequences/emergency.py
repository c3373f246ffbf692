"""A patient's message that sounds like an emergency: the clinician on call is asked for, and the author told so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import Party
from services.messaging.model.people import Told
from services.messaging.operations.consequences.declare import Consequence
from services.messaging.operations.people.opening import request_in
from shared.requests.people import About, MetEmergency

if TYPE_CHECKING:
    from services.messaging.operations.consequences.declare import Placed
    from shared.database import Tx


def concerns(placed: Placed) -> bool:
    """Whether it is the patient's side that writes such words."""
    return placed.letter.emergency is not None and placed.letter.party is Party.PATIENT


async def settle(tx: Tx, placed: Placed) -> None:
    """Ask for the clinician on call with the message as context, or add it to the request that is open."""
    letter = placed.letter
    assert letter.emergency is not None
    opened = await request_in(
        tx,
        patient=letter.card.patient,
        thread=letter.card.id,
        about=About.CARE,
        told=Told(thread=letter.card.id, message=letter.message),
        by=letter.author,
        keys=letter.keys,
        now=letter.call.now,
    )
    request = opened.request
    placed.emergency.append(MetEmergency(request=request.id, join_due=request.due, guidance=letter.emergency))


CONSEQUENCE = Consequence(concerns=concerns, settle=settle, corrections=True)
