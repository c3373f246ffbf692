"""Who may open whose record, and the relationships that let them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.directory.store import people, relationships
from shared import audit, idempotency
from shared.identity.people import Role
from shared.requests.directory import Ground as Open
from shared.requests.directory import MayOpen, RelationshipRegistered
from shared.sealing import is_erased, refuse_erased

if TYPE_CHECKING:
    from shared.app import Ground
    from shared.call import Call
    from shared.requests.common import OfPatient
    from shared.requests.directory import RegisterRelationship


async def may_open(ground: Ground, call: Call, ask: OfPatient) -> MayOpen:
    """On what ground the record opens to the caller now; none for a stranger, or where there is nobody (any more)."""
    person = call.person
    async with ground.db.reading() as tx:
        if await is_erased(tx, ask.patient):
            return MayOpen(ground=None)
        if person.id == ask.patient:
            return MayOpen(ground=Open.SELF)
        if await people.is_proxy(tx, ask.patient, person.id, call.now):
            return MayOpen(ground=Open.PROXY)
        treating = None
        if Role.CLINICIAN in person.roles:
            treating = await relationships.active(tx, ask.patient, person.id, call.now)
    return MayOpen(ground=Open.TREATMENT if treating else None, relationship=treating)


async def register(ground: Ground, call: Call, ask: RegisterRelationship) -> RelationshipRegistered:
    """Have the relationship count until it lapses, unless it stands or counts for longer already."""
    done = RelationshipRegistered(relationship=ask.relationship)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        await relationships.register(
            tx, ask.relationship, ask.patient, ask.clinician, ask.source, call.now, ask.lapses_at
        )
        await audit.record(tx, call, "write", patient=ask.patient, object=ask.relationship)
        await idempotency.keep(tx, call, done)
    return done
