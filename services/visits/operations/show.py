"""Visits and orders as they are shown: what was sealed, opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from baton_events.codes import VisitKind
from services.visits.model.visit import PLACE_ITEMS, OpinionWords, OrderDetails, OrderOutcome, Summary
from shared.requests.visits import ChecklistItem, Opinion, Order, Visit
from shared.sealing import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.visits.model.visit import OrderRow, VisitRow
    from services.visits.store.paths import Around
    from shared.practice import Practice
    from shared.sealing import GroupKeys


def details_of(order: OrderRow, keys: GroupKeys) -> OrderDetails:
    """What was ordered."""
    plain = keys.open(order.details, kind=Kind.ORDER, object=order.id, author=order.clinician)
    return msgspec.json.decode(plain, type=OrderDetails)


def shown_order(order: OrderRow, keys: GroupKeys, practice: Practice) -> Order:
    """The order with what it is and how it ended."""
    details = details_of(order, keys)
    outcome = _outcome(order, keys)
    orderable = practice.orderables.get(details.code)
    return Order(
        order=order.id,
        visit=order.visit,
        patient=order.patient,
        code=details.code,
        name=orderable.name if orderable else details.code,
        note=details.note,
        status=order.status,
        placed_at=order.placed_at,
        due=order.due,
        lot=outcome.lot,
        outcome=outcome.words,
    )


def _outcome(order: OrderRow, keys: GroupKeys) -> OrderOutcome:
    if order.outcome is None or order.settled_by is None:
        return OrderOutcome(lot=None, words=None)
    plain = keys.open(order.outcome, kind=Kind.ORDER, object=order.id, author=order.settled_by, revision=1)
    return msgspec.json.decode(plain, type=OrderOutcome)


def guidance_of(visit: VisitRow, keys: GroupKeys, practice: Practice) -> dict[int, str]:
    """What to bring and do before the visit, for the reason and for the place, by its number on the checklist."""
    plain = keys.open(visit.guidance, kind=Kind.GUIDANCE, object=visit.id, author=practice.id)
    reason = msgspec.json.decode(plain, type=list[str])
    return dict(enumerate(reason)) | dict(enumerate(_of_the_place(visit, practice), PLACE_ITEMS))


def _of_the_place(visit: VisitRow, practice: Practice) -> list[str]:
    if visit.kind is VisitKind.VIDEO:
        return practice.video_guidance
    office = practice.offices.get(visit.office)
    return office.guidance if office else []


def shown_visit(
    visit: VisitRow, around: Around, orders: Iterable[OrderRow], keys: GroupKeys, practice: Practice
) -> Visit:
    """The visit with all that was written around it."""
    guidance = guidance_of(visit, keys, practice)
    summary = _summary(visit, keys)
    return Visit(
        visit=visit.id,
        appointment=visit.appointment,
        patient=visit.patient,
        clinician=visit.clinician,
        office=visit.office,
        status=visit.status,
        start=visit.start,
        guidance=list(guidance.values()),
        checklist=[ChecklistItem(item=n, text=text, done=n in around.ticked) for n, text in guidance.items()],
        summary=summary.summary if summary else None,
        next_steps=summary.next_steps if summary else [],
        orders=[shown_order(order, keys, practice) for order in orders if order.visit == visit.id],
        checked_in_at=visit.checked_in_at,
        started_at=visit.started_at,
        ended_at=visit.ended_at,
        opinion=_opinion(visit, around, keys),
        follow_up_due=None if visit.follow_up_declined_at else visit.follow_up_due,
    )


def _opinion(visit: VisitRow, around: Around, keys: GroupKeys) -> Opinion | None:
    if around.opinion is None:
        return None
    author, sealed = around.opinion
    said = msgspec.json.decode(keys.open(sealed, kind=Kind.OPINION, object=visit.id, author=author), type=OpinionWords)
    return Opinion(score=said.score, words=said.words)


def _summary(visit: VisitRow, keys: GroupKeys) -> Summary | None:
    if visit.summary is None:
        return None
    plain = keys.open(visit.summary, kind=Kind.SUMMARY, object=visit.id, author=visit.clinician)
    return msgspec.json.decode(plain, type=Summary)
