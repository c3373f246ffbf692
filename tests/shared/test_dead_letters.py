"""Dead letters: listed, handled again by the running service, or discarded, each told as an event."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from baton_events.codes import ServiceName
from baton_events.common import DEAD_LETTER_DISCARDED, DEAD_LETTER_REPLAYED
from shared.inbox import dead_letters
from shared.inbox.dead_letters import NoSuchLetter, NotReplayable
from tests.support.clinic import MAY_1, Clinic, at_work, checked_in

if TYPE_CHECKING:
    from baton_events.visits import VisitCheckedIn
    from tests.support.stack import Open, Stack

REPLAYED, DISCARDED = DEAD_LETTER_REPLAYED[ServiceName.BOOKING], DEAD_LETTER_DISCARDED[ServiceName.BOOKING]
SOON = "0.01"


async def set_aside(s: Stack, event: VisitCheckedIn) -> UUID:
    """Publish an event that the work refuses and wait until it is a dead letter; gives its id."""
    await s.publish(event)
    (letter,) = await s.until(lambda: listed(s))
    return letter


async def listed(s: Stack) -> list[UUID]:
    return [letter.id for letter in await dead_letters.list_open(await s.db("booking"))]


async def effects(s: Stack) -> list[UUID]:
    return [row["entity"] for row in await s.fetch("booking", "SELECT entity FROM effect")]


async def test_a_replay_handles_the_event_once_and_says_so(stack: Open) -> None:
    event = checked_in()
    clinic = Clinic(refused={event.visit})
    async with at_work(stack, clinic, inbox_put_off_seconds=SOON) as s:
        letter = await set_aside(s, event)
        clinic.refused.clear()
        db = await s.db("booking")
        await dead_letters.ask_replay(db, letter, MAY_1)
        state = await dead_letters.replayed(db, letter, 10)
        assert state.settlement == "replayed"
        await s.quiet()
        assert await effects(s) == [event.visit]
        assert [one.event.dead_letter for one in await s.events(REPLAYED)] == [letter]
        assert await listed(s) == []
        with pytest.raises(NoSuchLetter):
            await dead_letters.ask_replay(db, letter, MAY_1)


async def test_a_replay_that_is_refused_again_stays_with_ops(stack: Open) -> None:
    event = checked_in()
    async with at_work(stack, Clinic(refused={event.visit}), inbox_put_off_seconds=SOON) as s:
        letter = await set_aside(s, event)
        db = await s.db("booking")
        await dead_letters.ask_replay(db, letter, MAY_1)
        state = await dead_letters.replayed(db, letter, 10)
        assert (state.settlement, state.refusal, state.replay_asked_at) == (None, "unwilling", None)
        assert await listed(s) == [letter]
        assert await effects(s) == []
        assert await s.events(REPLAYED) == []


async def test_a_discarded_event_is_never_handled(stack: Open) -> None:
    event = checked_in()
    clinic = Clinic(refused={event.visit})
    async with at_work(stack, clinic, inbox_put_off_seconds=SOON) as s:
        letter = await set_aside(s, event)
        clinic.refused.clear()
        db = await s.db("booking")
        await dead_letters.discard(db, "booking", letter, MAY_1)
        await s.quiet()
        assert [one.event.dead_letter for one in await s.events(DISCARDED)] == [letter]
        assert await effects(s) == []
        with pytest.raises(NoSuchLetter):
            await dead_letters.discard(db, "booking", letter, MAY_1)


async def test_what_was_never_an_event_can_only_be_discarded(stack: Open) -> None:
    async with at_work(stack) as s:
        subject = checked_in().kind.subject(None)
        await s.stream.publish_raw(subject, b"{}", message_id=str(uuid4()))
        (letter,) = await s.until(lambda: listed(s))
        with pytest.raises(NotReplayable):
            await dead_letters.ask_replay(await s.db("booking"), letter, MAY_1)
        await dead_letters.discard(await s.db("booking"), "booking", letter, MAY_1)
        assert await listed(s) == []
