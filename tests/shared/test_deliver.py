"""The helper for reactions: the clinic's work comes out the same whichever way its events arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from baton_events.booking import VideoRequested
from tests.support.clinic import at_work, checked_in
from tests.support.deliver import Way

if TYPE_CHECKING:
    from tests.support.stack import Open


@pytest.mark.parametrize("way", Way)
async def test_a_reaction_takes_effect_once_however_its_event_arrives(stack: Open, way: Way) -> None:
    async with at_work(stack) as s:
        patient = uuid4()
        events = [checked_in(patient=patient), checked_in(patient=patient)]
        await s.deliver("booking", *events, way=way)
        rows = await s.fetch("booking", "SELECT entity FROM effect ORDER BY id")
        order = [event.visit for event in events]
        assert [row["entity"] for row in rows] == (order[::-1] if way is Way.BACKWARDS else order)
        assert sorted(one.event.video for one in await s.events(VideoRequested)) == sorted(order)
