"""Stop a consult whose answers need a person or a visit; no price is locked and nothing is charged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.messaging.model.consults import ConsultOfferUsed, ConsultRow, derived
from services.messaging.model.intake import intake
from services.messaging.operations.consults.person import call_person
from services.messaging.operations.consults.sealed import seal_intake
from services.messaging.store import attachments
from services.messaging.store import consults as store
from shared import audit, idempotency
from shared.requests.consults import ConsultAsked, ConsultStatus
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from uuid import UUID

    from services.messaging.model.intake import Intake
    from services.messaging.operations.consults.begin import Wanted
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call

PLACE = "consult-intake"


async def stop(ground: MessagingGround, call: Call, wanted: Wanted) -> ConsultAsked:
    """Keep what was told; a red flag calls the on-call clinician to the patient."""
    id_, patient = derived(ground.bus.secret, "consult", wanted.offer.id), wanted.offer.patient
    told = intake(wanted.condition, wanted.answers, wanted.stands)
    thread = derived(ground.bus.secret, "person", id_)
    red = wanted.stands.outcome == "red-flag"
    thread_keys = await ground.sealing.keys(patient, thread) if red else None
    done = ConsultAsked(consult=id_, outcome="red-flag" if red else "unsuitable")
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, patient)
        if not await store.add(tx, _row(call, wanted, id_, told)):
            raise ConsultOfferUsed
        if thread_keys is not None:
            called = await call_person(
                tx, call, patient=patient, consult=id_, thread=thread, keys=thread_keys, place=PLACE, words=_words(told)
            )
            await store.called(tx, id_, called.id)
            await attachments.bind(tx, wanted.photos, patient, call.person.id, thread, call.now)
            done = msgspec.structs.replace(done, thread=thread, person_request=called.id, join_due=called.due)
        await audit.record(tx, call, "write", patient=patient, object=id_)
        await idempotency.keep(tx, call, done)
    return done


def _row(call: Call, wanted: Wanted, id_: UUID, told: Intake) -> ConsultRow:
    return ConsultRow(
        id=id_,
        offer=wanted.offer.id,
        patient=wanted.offer.patient,
        clinician=wanted.offer.clinician,
        told_by=wanted.told_by,
        requested_by=call.person.id,
        sealed=seal_intake(wanted.keys, id_, wanted.told_by, told),
        status=ConsultStatus.STOPPED,
        instead_of=wanted.offer.instead_of,
        requested_at=call.now,
    )


def _words(told: Intake) -> str:
    """What whoever is called reads before they join."""
    return f"{told.name}: {' '.join(stop.says for stop in told.stopped)}"
