"""Who a patient's own clinician is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.directory.model.rules import UnknownPerson
from services.directory.operations.relationships import may_open
from services.directory.store import people
from shared import audit
from shared.errors import NotFound
from shared.requests.directory import OwnClinician
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.common import OfPatient


async def own_clinician(ground: Ground, call: Call, ask: OfPatient) -> OwnClinician:
    """The own clinician, or none, for whoever may open the record."""
    if (await may_open(ground, call, ask)).ground is None:
        raise NotFound
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        card = await people.patient_card(tx, ask.patient)
        if card is None:
            raise UnknownPerson
        found = await people.staff_names(tx, [card.own_clinician] if card.own_clinician else [])
        await audit.record(tx, call, "read", patient=ask.patient)
    return OwnClinician(own_clinician=found[0] if found else None)
