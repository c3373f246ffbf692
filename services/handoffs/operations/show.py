"""An entry of the ledger as it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.requests.handoffs import Handoff

if TYPE_CHECKING:
    from services.handoffs.model import Held


def shown(held: Held, sentence: str) -> Handoff:
    """With a sentence: to its owner what is owed, to the patient what it means for them."""
    return Handoff(
        handoff=held.id,
        name=held.name,
        case=held.case,
        patient=held.patient,
        owner=held.owner,
        accepted_by=held.accepted_by,
        due=held.due,
        rung=held.rung,
        state=held.state,
        opened_at=held.opened_at,
        closed_at=held.settled_at,
        sentence=sentence,
    )
