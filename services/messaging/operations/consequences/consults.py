"""The first message of whoever sees to a consult is its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import Party, ThreadKind
from baton_events.messaging import ConsultAnswered
from services.messaging.operations.consequences.declare import Consequence
from services.messaging.store import consults
from shared.outbox import announce

if TYPE_CHECKING:
    from services.messaging.operations.consequences.declare import Placed
    from shared.database import Tx


def concerns(placed: Placed) -> bool:
    """Whether it is from whoever sees to a consult."""
    letter = placed.letter
    in_consult = letter.card.kind is ThreadKind.CONSULT and letter.party is Party.STAFF
    return in_consult and letter.author == placed.thread.assigned


async def settle(tx: Tx, placed: Placed) -> None:
    """Where there was no answer yet, this is the one."""
    author = placed.letter.author
    answered = await consults.answer(tx, placed.letter.card.id, author, placed.at)
    if answered is not None:
        event = ConsultAnswered(consult=answered["id"], patient=answered["patient"], clinician=author)
        await announce(tx, event, placed.at)


CONSEQUENCE = Consequence(concerns=concerns, settle=settle)
