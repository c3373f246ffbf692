"""Take a provider's offer: have the answers looked at, and the consult begun or stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from services.messaging.model.consults import (
    AnswersMissing,
    ConsultOfferLapsed,
    ConsultOfferUsed,
    ConsultRow,
    NoSuchOffer,
    OfferRow,
)
from services.messaging.model.intake import photos_of
from services.messaging.operations.consults.access import FOR_THEM
from services.messaging.operations.consults.begin import Wanted, begin
from services.messaging.operations.consults.sealed import condition_of, intake_of, keys_of
from services.messaging.operations.consults.stop import stop
from services.messaging.store import consult_offers as store
from services.messaging.store import consults
from shared.identity.access import may_open
from shared.practice.forms import standing

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.practice.conditions import Condition
    from shared.requests.consults import ConsultAsked, Given, RequestConsult


async def request_consult(ground: MessagingGround, call: Call, ask: RequestConsult) -> ConsultAsked:
    """Begin the consult at the price offered, or stop where the answers need a person or a visit; then nothing is paid.

    Raises NoSuchOffer, ConsultOfferUsed, ConsultOfferLapsed, AnswersWrong, AnswersMissing, NotForPatient,
    ProviderNotLicensed, NoSuchAttachment, and what billing says of the price.
    """
    wanted = await _wanted(ground, call, ask)
    if wanted.stands.outcome == "asking":
        raise AnswersMissing(missing=[one.code for one in wanted.stands.ask if not one.optional])
    if wanted.stands.outcome == "complete":
        return await begin(ground, call, wanted)
    return await stop(ground, call, wanted)


async def _wanted(ground: MessagingGround, call: Call, ask: RequestConsult) -> Wanted:
    offer, before = await _offer(ground, call, ask.offer)
    keys = await keys_of(ground, offer.patient)
    condition = ground.practice.conditions.get(condition_of(keys, offer))
    if condition is None:
        raise ConsultOfferLapsed
    earlier = intake_of(keys, before).answers if before is not None else {}
    answers = earlier if ask.answers is None else ask.answers
    kept = before if ask.answers is None else None
    return Wanted(
        offer=offer,
        condition=condition,
        answers=answers,
        stands=standing(condition, answers),
        told_by=kept.told_by if kept else call.person.id,
        photos=_new_photos(condition, answers, earlier),
        keys=keys,
    )


async def _offer(ground: MessagingGround, call: Call, id_: UUID) -> tuple[OfferRow, ConsultRow | None]:
    """The offer while it can be taken by whom it was made for, and the consult whose place it takes."""
    async with ground.db.reading() as tx:
        offer = await store.find(tx, id_)
        before = await consults.find(tx, offer.instead_of) if offer and offer.instead_of else None
    if offer is None or offer.erased or await may_open(ground, call, offer.patient) not in FOR_THEM:
        raise NoSuchOffer
    if offer.used:
        raise ConsultOfferUsed
    if call.now >= offer.lapses_at:
        raise ConsultOfferLapsed
    return offer, before


def _new_photos(condition: Condition, answers: dict[str, Given], earlier: dict[str, Given]) -> list[UUID]:
    """Photos that were not told before; those stand in the thread of that consult."""
    return sorted(UUID(photo) for photo in photos_of(condition, answers) - photos_of(condition, earlier))
