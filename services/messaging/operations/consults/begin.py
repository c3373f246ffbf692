"""Begin a consult whose answers can be treated by message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from baton_events.codes import RelationshipSource, ThreadKind
from baton_events.messaging import ConsultRequested, ThreadOpened
from services.messaging.model.consults import (
    CONFIRMED_WITHIN,
    ConsultOfferUsed,
    ConsultRow,
    NotForPatient,
    OfferRow,
    ProviderNotLicensed,
    derived,
)
from services.messaging.model.intake import intake, visit_instead
from services.messaging.model.threads import ThreadCard
from services.messaging.operations.consults.asking import against, as_messaging, patient_card, who_may_treat
from services.messaging.operations.consults.sealed import seal_intake
from services.messaging.store import attachments, threads
from services.messaging.store import consults as store
from shared import audit, idempotency
from shared.outbox import announce
from shared.practice.conditions import Condition
from shared.practice.forms import Standing
from shared.requests.billing import LOCK_QUOTE, LockQuote
from shared.requests.consults import ConsultAsked, ConsultStatus, Given
from shared.requests.directory import REGISTER_RELATIONSHIP, RegisterRelationship
from shared.sealing import GroupKeys, refuse_erased

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An offer taken: what was told for it by whom, how its form stands, and photos that are to go with it."""

    offer: OfferRow
    condition: Condition
    answers: dict[str, Given]
    stands: Standing
    told_by: UUID
    photos: list[UUID]
    keys: GroupKeys


async def begin(ground: MessagingGround, call: Call, wanted: Wanted) -> ConsultAsked:
    """Lock the price, have the clinician treat the patient, then keep the consult with its thread and announce it."""
    await _may_be_treated(ground, call, wanted)
    row = _row(ground, call, wanted)
    await _lock_and_register(ground, call, wanted.offer, row)
    thread = ThreadCard(_given(row.thread), row.patient, ThreadKind.CONSULT)
    await ground.sealing.keys(row.patient, thread.id)
    done = ConsultAsked(consult=row.id, outcome="requested", thread=row.thread, answer_due=row.answer_due)
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, row.patient)
        if not await store.add(tx, row):
            raise ConsultOfferUsed
        await threads.open_thread(tx, thread, call.person.id, call.now)
        await threads.join(tx, thread.id, row.clinician, call.now)
        await threads.assign(tx, thread.id, row.clinician)
        await attachments.bind(tx, wanted.photos, row.patient, call.person.id, thread.id, call.now)
        await announce(tx, ThreadOpened(thread=thread.id, patient=row.patient, thread_kind=thread.kind), call.now)
        await announce(tx, _requested(row), call.now)
        await audit.record(tx, call, "write", patient=row.patient, object=row.id)
        await idempotency.keep(tx, call, done)
    return done


async def _may_be_treated(ground: MessagingGround, call: Call, wanted: Wanted) -> None:
    """Asked again: age, state and licence may have changed since the offer was made."""
    patient = await patient_card(ground, call, wanted.offer.patient)
    reasons = against(wanted.condition, patient, ground.practice, call.now)
    if reasons:
        raise NotForPatient(not_for=reasons, visit=visit_instead(wanted.condition, ground.practice))
    if not await who_may_treat(ground, call, wanted.offer.patient, wanted.offer.clinician):
        raise ProviderNotLicensed


def _row(ground: MessagingGround, call: Call, wanted: Wanted) -> ConsultRow:
    offer, secret = wanted.offer, ground.bus.secret
    id_ = derived(secret, "consult", offer.id)
    told = intake(wanted.condition, wanted.answers, wanted.stands)
    return ConsultRow(
        id=id_,
        offer=offer.id,
        patient=offer.patient,
        clinician=offer.clinician,
        told_by=wanted.told_by,
        requested_by=call.person.id,
        sealed=seal_intake(wanted.keys, id_, wanted.told_by, told),
        status=ConsultStatus.REQUESTED,
        thread=derived(secret, "thread", id_),
        relationship=derived(secret, "relationship", id_),
        instead_of=offer.instead_of,
        requested_at=call.now,
        answer_due=call.now + offer.answer_within,
    )


async def _lock_and_register(ground: MessagingGround, call: Call, offer: OfferRow, row: ConsultRow) -> None:
    """Both are the same when done again after a crash, and both come to nothing unless the consult is announced."""
    lock = LockQuote(quote=offer.id, patient=row.patient, case=row.id, provider=row.clinician)
    await as_messaging(ground, call, LOCK_QUOTE, lock, key=str(row.id))
    relationship = RegisterRelationship(
        relationship=_given(row.relationship),
        patient=row.patient,
        clinician=row.clinician,
        source=RelationshipSource.CONSULT,
        lapses_at=offer.lapses_at + CONFIRMED_WITHIN,
    )
    await as_messaging(ground, call, REGISTER_RELATIONSHIP, relationship, key=str(row.relationship))


def _requested(row: ConsultRow) -> ConsultRequested:
    assert row.answer_due is not None
    return ConsultRequested(
        consult=row.id,
        thread=_given(row.thread),
        patient=row.patient,
        clinician=row.clinician,
        answer_owner=f"clinician:{row.clinician}",
        answer_due=row.answer_due,
        relationship=row.relationship,
        quote=row.offer,
    )


def _given(id_: UUID | None) -> UUID:
    assert id_ is not None, "a consult that begins has a thread and a relationship"
    return id_
