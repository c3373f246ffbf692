"""Who of the staff was last in contact with a patient, and when; nothing of what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.messaging.store import last_contacts as store
from shared import audit
from shared.identity.access import require_open
from shared.requests.messaging import LastContact, LastContacts
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.common import OfPatient


async def last_contacts(ground: MessagingGround, call: Call, ask: OfPatient) -> LastContacts:
    """For whoever may open the record: the last message of each member of staff, and the last contact they logged."""
    await require_open(ground, call, ask.patient)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        rows = await store.last_contacts(tx, ask.patient)
        await audit.record(tx, call, "read", patient=ask.patient, range=f"{len(rows)} last contacts")
    return LastContacts(contacts=[LastContact(person=row["person"], how=row["how"], at=row["at"]) for row in rows])
