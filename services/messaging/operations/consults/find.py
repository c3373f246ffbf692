"""Find who treats a condition by message, each at a price that is kept while the patient chooses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

from services.messaging.model.consults import (
    GIVEN_UP,
    OFFER_LASTS,
    ConsultStands,
    NoSuchConsult,
    OfferRow,
    UnknownCondition,
)
from services.messaging.model.intake import visit_instead
from services.messaging.model.providers import Candidate, best, why
from services.messaging.operations.consults.access import found, require_own
from services.messaging.operations.consults.asking import against, as_messaging, patient_card, who_may_treat
from services.messaging.operations.consults.catalogue import named
from services.messaging.operations.consults.sealed import intake_of, keys_of, seal_condition
from services.messaging.store import consult_offers as store
from services.messaging.store import consults
from shared import audit
from shared.practice.consults import price_cents, treats_by_message
from shared.requests.billing import MAKE_QUOTES, Line, MakeQuotes, NewQuote
from shared.requests.consults import ProviderOffer, Providers
from shared.sealing import refuse_erased

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.practice.conditions import Condition
    from shared.requests.consults import FindProviders
    from shared.requests.directory import ClinicianCard
    from shared.sealing import GroupKeys


async def find_providers(ground: MessagingGround, call: Call, ask: FindProviders) -> Providers:
    """Those licensed where the patient is now who take consults, best first, with quotes made; or the visit instead.

    Raises NotFound, UnknownCondition; NoSuchConsult and ConsultStands for `instead_of`.
    """
    await require_own(ground, call, ask.patient)
    keys = await keys_of(ground, ask.patient)
    condition, without = await _wanted(ground, call, ask, keys)
    card, clinicians = await asyncio.gather(
        patient_card(ground, call, ask.patient), who_may_treat(ground, call, ask.patient)
    )
    reasons = against(condition, card, ground.practice, call.now)
    without |= {ask.patient, call.person.id}
    treating = [
        one for one in clinicians if treats_by_message(ground.practice, one.clinician) and one.clinician not in without
    ]
    offered: list[ProviderOffer] = []
    if treating and not reasons:
        candidates = await _candidates(ground, call, condition, treating, card.own_clinician)
        offered = await _offered(ground, call, ask, condition, keys, candidates)
    return Providers(
        condition=condition.code,
        name=condition.name,
        not_for=[*reasons, *(() if treating or reasons else ("nobody-there",))],
        offers=offered,
        visit=visit_instead(condition, ground.practice),
    )


async def _wanted(
    ground: MessagingGround, call: Call, ask: FindProviders, keys: GroupKeys
) -> tuple[Condition, set[UUID]]:
    """The condition, and who is not asked again: whoever declined it. A look at that consult is put on record."""
    if ask.instead_of is None:
        if ask.condition is None:
            raise UnknownCondition(field="condition")
        return named(ground.practice, ask.condition), set()
    before = await found(ground, ask.instead_of)
    if before.patient != ask.patient:
        raise NoSuchConsult
    if before.status not in GIVEN_UP:
        raise ConsultStands
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        without = await consults.declined_by(tx, before.id)
        await audit.record(tx, call, "read", patient=ask.patient, object=before.id, range="condition")
    return named(ground.practice, intake_of(keys, before).condition), without


async def _candidates(
    ground: MessagingGround, call: Call, condition: Condition, treating: Sequence[ClinicianCard], own: UUID | None
) -> list[Candidate]:
    async with ground.db.reading() as tx:
        waits = await consults.waits(tx, [one.clinician for one in treating], call.now)
    return best(
        Candidate(
            card=one,
            price_cents=price_cents(ground.practice, one.clinician, condition),
            own=one.clinician == own,
            waits=waits.get(one.clinician, ()),
        )
        for one in treating
    )


async def _offered(
    ground: MessagingGround,
    call: Call,
    ask: FindProviders,
    condition: Condition,
    keys: GroupKeys,
    candidates: Sequence[Candidate],
) -> list[ProviderOffer]:
    """Have billing keep the prices, then keep what was offered."""
    lapses, author = call.now + OFFER_LASTS, call.person.id
    offers = {uuid4(): one for one in candidates}
    what = f"Treatment by message: {condition.name}"
    quotes = [
        NewQuote(quote=id_, lines=[Line(what=what[:300], cents=one.price_cents)], expires_at=lapses)
        for id_, one in offers.items()
    ]
    await as_messaging(ground, call, MAKE_QUOTES, MakeQuotes(patient=ask.patient, quotes=quotes), key=str(uuid4()))
    rows = [
        OfferRow(
            id=id_,
            patient=ask.patient,
            clinician=one.card.clinician,
            author=author,
            sealed=seal_condition(keys, id_, author, condition.code),
            reply_minutes=one.reply_minutes,
            instead_of=ask.instead_of,
            made_at=call.now,
            lapses_at=lapses,
        )
        for id_, one in offers.items()
    ]
    async with ground.db.transaction() as tx:
        await refuse_erased(tx, ask.patient)
        await store.add(tx, ask.patient, rows, call.now)
        await audit.record(tx, call, "write", patient=ask.patient, range=f"{len(rows)} offers")
    return [_shown(row, offers[row.id]) for row in rows]


def _shown(row: OfferRow, one: Candidate) -> ProviderOffer:
    return ProviderOffer(
        offer=row.id,
        clinician=one.card.clinician,
        name=one.card.name,
        credential=one.card.credential,
        licensed_in=one.card.licensed_in,
        price_cents=one.price_cents,
        own=one.own,
        reply_minutes=one.reply_minutes,
        measured_from=len(one.waits),
        why=why(one),
        lapses_at=row.lapses_at,
    )
