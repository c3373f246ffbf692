"""OM10: guidance before the visit for its reason and place; after it a clear path and one question on how it went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from baton_events.visits import GuidanceRepeated, GuidanceSent
from tests.promises.conftest import PACIFIC
from tests.promises.visiting import booked, under_way

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

HOUR = timedelta(hours=1)


async def repeated(practice: Practice, visit: str) -> int:
    return sum(str(one.event.visit) == visit for one in await practice.stack.events(GuidanceRepeated))


async def test_om10_what_to_know_and_bring_comes_within_minutes_and_again_the_day_before(practice: Practice) -> None:
    before = practice.stack.clock()
    visit = await booked(practice, earliest=(before + timedelta(days=4)).isoformat())
    [sent] = [one for one in await practice.stack.events(GuidanceSent) if str(one.event.visit) == visit.visit]
    assert sent.time - before < timedelta(minutes=10)
    shown = await practice.shown(f"/v1/visits/{visit.visit}")
    texts = practice.stack.servers.surroundings.practice
    of_the_place = texts.offices[UUID(visit.office)].guidance
    assert shown["guidance"] == texts.visit_types["skin"].guidance + of_the_place
    bring = shown["checklist"][1]
    await practice.told("/v1/visits/checklist/tick", {"visit": visit.visit, "item": bring["item"]})
    seen = await practice.shown(f"/v1/visits/{visit.visit}", visit.clinician_name)
    assert [one["text"] for one in seen["checklist"] if one["done"]] == [bring["text"]]
    day = visit.start.astimezone(PACIFIC).date() - timedelta(days=1)
    again = datetime(day.year, day.month, day.day, 10, tzinfo=PACIFIC).astimezone(UTC)
    await practice.at(again - timedelta(seconds=1))
    assert await repeated(practice, visit.visit) == 0
    await practice.at(again)
    assert await repeated(practice, visit.visit) == 1
    await practice.at(visit.start)
    assert await repeated(practice, visit.visit) == 1


async def test_om10_after_the_visit_there_is_a_path_and_one_question(practice: Practice) -> None:
    visit = await booked(practice)
    await under_way(practice, visit)
    over = await practice.told("/v1/visits/end", {"visit": visit.visit, "follow_up": True}, visit.clinician_name)
    assert over["follow_up_due"] is not None
    owed = await practice.owed("visit.summarise", visit.visit)
    assert owed is not None
    assert owed["owner"] == f"clinician:{visit.clinician}"
    assert datetime.fromisoformat(owed["due"]) - practice.stack.clock() == 2 * HOUR
    steps = [
        {"who": "You", "what": "Put the cream on twice a day", "by": None},
        {"who": "Dr. Whitfield", "what": "Looks at the photo you send", "by": "2030-01-09"},
    ]
    said = {"visit": visit.visit, "summary": "A contact rash. It fades within a week.", "next_steps": steps}
    await practice.told("/v1/visits/summarise", said, visit.clinician_name)
    assert await practice.owed("visit.summarise", visit.visit) is None
    shown = await practice.shown(f"/v1/visits/{visit.visit}")
    assert (shown["summary"], shown["next_steps"]) == (said["summary"], steps)
    assert shown["follow_up_due"] == over["follow_up_due"]
    opinion = {"visit": visit.visit, "score": 5, "words": "Nobody kept me waiting."}
    assert (await practice.command("/v1/visits/opinion", opinion, who="jonas-weber")).status == 404
    await practice.told("/v1/visits/opinion", opinion)
    twice = await practice.command("/v1/visits/opinion", opinion)
    assert (twice.status, twice.code) == (409, "opinion-given-before")
    seen = await practice.shown(f"/v1/visits/{visit.visit}", visit.clinician_name)
    assert seen["opinion"] == {"score": 5, "words": "Nobody kept me waiting."}
