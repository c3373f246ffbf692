"""Write into a thread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from baton_events.codes import Party, ThreadKind
from services.messaging.model.questions import answer_due
from services.messaging.model.threads import FollowUpNotOwed, NoSuchThread
from services.messaging.operations.emergency import guidance
from services.messaging.operations.party import party_of, side
from services.messaging.operations.post import Letter, NotProven
from shared.identity.access import may_open
from shared.telemetry import trace

if TYPE_CHECKING:
    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.requests.messaging import Send, Sent


async def send(ground: MessagingGround, call: Call, ask: Send) -> Sent:
    """Put the message into its thread and announce it, or refuse and do neither.

    Raises NoSuchThread, ThreadIsClosed, FollowUpNotOwed. Whoever the thread's own rows do not know, the directory
    must let in.
    """
    party = party_of(call.person)
    if ask.follow_up_of is not None and party is not Party.STAFF:
        raise FollowUpNotOwed
    card = await ground.card(ask.thread)
    letter = Letter(
        call=call,
        card=card,
        keys=await ground.keys(card),
        party=party,
        text=ask.text,
        trace=trace.current_traceparent(),
        follow_up_of=ask.follow_up_of,
        draft=ask.draft,
        draft_version=ask.draft_version,
        attachments=tuple(ask.attachments),
        answer_due=answer_due(ground.practice.support_hours, call.now) if card.kind is ThreadKind.SUPPORT else None,
        emergency=await guidance(ground, call, ask.text),
    )
    try:
        return await ground.post(letter)
    except NotProven:
        vouched = await may_open(ground, call, card.patient)
        if vouched is None:
            raise NoSuchThread from None
        return await ground.post(replace(letter, vouched=True, party=side(call, vouched)))
