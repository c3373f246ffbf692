"""What the patient writes to support is a question; whoever of the practice writes next answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton_events.codes import Party, ThreadKind
from services.messaging.operations import questions
from services.messaging.operations.consequences.declare import Consequence

if TYPE_CHECKING:
    from services.messaging.operations.consequences.declare import Placed
    from shared.database import Tx


def concerns(placed: Placed) -> bool:
    """Whether it stands in a support thread, or answers a question that is open elsewhere."""
    letter = placed.letter
    answers = placed.thread.question is not None and letter.party is not Party.PATIENT
    return letter.card.kind is ThreadKind.SUPPORT or answers


async def settle(tx: Tx, placed: Placed) -> None:
    """Ask, or answer."""
    letter, card = placed.letter, placed.letter.card
    if letter.party is not Party.PATIENT:
        await questions.answer(tx, card.id, card.patient, letter.author, placed.at)
        return
    assert letter.answer_due is not None, "a letter to support says until when it is answered"
    await questions.ask(tx, card.id, card.patient, placed.at, due=letter.answer_due)


CONSEQUENCE = Consequence(concerns=concerns, settle=settle)
