"""A message in a consult stops its days, or lets them go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import Party, ThreadKind
from services.messaging.model.clock import ConsultIsOver, over
from services.messaging.operations import clock
from services.messaging.operations.consequences.declare import Consequence

if TYPE_CHECKING:
    from services.messaging.operations.consequences.declare import Placed
    from shared.database import Tx


def concerns(placed: Placed) -> bool:
    """Whether the letter stands in a consult."""
    return placed.letter.card.kind is ThreadKind.CONSULT


async def refuses(tx: Tx, placed: Placed) -> ConsultIsOver | None:
    """Nothing is written once the end has come, also when it is still to be carried out."""
    found = await clock.of_thread(tx, placed.letter.card.id)
    return ConsultIsOver() if found and over(found, placed.letter.call.now) else None


async def settle(tx: Tx, placed: Placed) -> None:
    """The patient's message stops the days; anybody's answer lets them go on."""
    letter = placed.letter
    change = clock.pause if letter.party is Party.PATIENT else clock.resume
    await change(tx, letter.card.id, letter.call.now)


CONSEQUENCE = Consequence(concerns=concerns, refuses=refuses, settle=settle)
