"""A follow-up that is passed on is owed by whom it was passed to last, in whatever order that is heard of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from baton_events.codes import HandoffName
from baton_events.handoffs import HandoffMoved
from baton_events.messaging import FollowUpSent
from services.messaging.model.threads import FollowUpNotOwed
from shared.errors import NotFound, Refusal
from shared.requests import messaging as ask
from tests.messaging.test_at_once import ended
from tests.messaging.test_threads import AMARA, BEN, MARIA, opened, send
from tests.support.deliver import Way

if TYPE_CHECKING:
    from tests.support.stack import Open, Stack

CHEN, DANA, GRACE = "chen-liu", "dana-reyes", "grace-kim"
WAYS = [Way.TWICE, Way.BACKWARDS]


def moved(
    s: Stack, handoff: UUID, visit: UUID, to: str, name: HandoffName = HandoffName.VISIT_FOLLOW_UP
) -> HandoffMoved:
    return HandoffMoved(
        handoff=handoff,
        name=name,
        case=visit,
        owner=to,
        previous_owner="team:care",
        due=s.clock() + timedelta(hours=4),
        patient=s.person(MARIA),
    )


async def owed(s: Stack, who: str) -> set[UUID]:
    return {one.visit for one in (await s.ask(ask.FOLLOW_UPS, ask.AskFollowUps(), as_=who)).follow_ups}


async def test_whoever_it_was_passed_to_last_owes_it_in_every_order_of_arrival(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        for way in WAYS:
            visit, handoff = uuid4(), uuid4()
            owners = [f"clinician:{s.person(AMARA)}", f"clinician:{s.person(CHEN)}"]
            passed = [moved(s, handoff, visit, owner) for owner in owners]
            of_another = moved(s, uuid4(), visit, owners[0], HandoffName.VISIT_SUMMARISE)
            await s.deliver("messaging", ended(s, visit), *passed, of_another, way=way)
            assert [visit in await owed(s, who) for who in (BEN, AMARA, CHEN)] == [False, False, True], way
        with pytest.raises(NotFound):
            await opened(s, by=DANA)
        thread = await opened(s, by=CHEN)
        for who in (MARIA, AMARA, BEN):
            with pytest.raises(Refusal):
                await send(s, thread, "how are you?", who, follow_up_of=visit)
        await send(s, thread, "how are you?", CHEN, follow_up_of=visit)
        await s.deliver("messaging", moved(s, handoff, visit, owners[0]))
        assert visit not in await owed(s, AMARA)
        await s.quiet()
        [sent] = [got.event for got in await s.events(FollowUpSent)]
        assert (sent.author, sent.author_owner) == (s.person(CHEN), owners[1])


async def test_what_was_passed_to_a_team_is_sent_by_any_of_its_own(stack: Open) -> None:
    async with stack("directory", "messaging") as s:
        visit = uuid4()
        await s.deliver("messaging", ended(s, visit), moved(s, uuid4(), visit, "team:care"))
        thread = await opened(s, by=GRACE)
        with pytest.raises(Refusal, match=FollowUpNotOwed.code):
            await send(s, await opened(s), "mine", MARIA, follow_up_of=visit)
        await send(s, thread, "how are you?", GRACE, follow_up_of=visit)
        await s.quiet()
        [sent] = [got.event for got in await s.events(FollowUpSent)]
        assert (sent.author, sent.author_owner) == (s.person(GRACE), "team:care")
