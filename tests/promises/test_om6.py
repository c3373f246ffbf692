"""OM6: the clinician who saw the patient writes that evening, and nobody else until it is theirs to write."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

BEN, AMARA = "c1111c00-0000-4000-8000-000000000002", "c1111c00-0000-4000-8000-000000000001"
CHEN = "c1111c00-0000-4000-8000-000000000004"
AFTERNOON = 16


async def done(practice: Practice, path: str, body: dict[str, Any], who: str = "patient") -> dict[str, Any]:
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, answered.body
    await practice.stack.quiet()
    return dict(answered.json)


async def seen(practice: Practice) -> tuple[str, datetime]:
    """Ben sees Maria and owes her a follow-up; gives the visit and half past nine that evening where they met."""
    offers = await done(practice, "/v1/offers", {"reason": "a rash", "kind": "office", "clinician": BEN})
    offer = offers["offers"][0]
    booked = await done(practice, "/v1/appointments", {"offer": offer["offer"]})
    visits = (await practice.get(f"/v1/patients/{practice.patient}/visits")).json["visits"]
    visit = next(one["visit"] for one in visits if one["appointment"] == booked["appointment"])
    await done(practice, "/v1/visits/check-in", {"appointment": booked["appointment"]})
    await done(practice, "/v1/visits/start", {"visit": visit}, "ben-whitfield")
    await done(practice, "/v1/visits/end", {"visit": visit, "follow_up": True}, "ben-whitfield")
    office = practice.stack.servers.surroundings.practice.offices[UUID(offer["office"])]
    there = practice.stack.clock().astimezone(ZoneInfo(office.time_zone))
    return visit, there.replace(hour=21, minute=30, second=0, microsecond=0)


async def promise(practice: Practice, visit: str) -> dict[str, Any] | None:
    """The open promise as the patient's trail shows it."""
    trail = (await practice.get(f"/v1/patients/{practice.patient}/trail")).json
    return next((one for one in trail["open"] if (one["name"], one["case"]) == ("visit.follow-up", visit)), None)


async def steps(practice: Practice, handoff: str) -> list[tuple[str, str]]:
    trail = (await practice.get(f"/v1/patients/{practice.patient}/trail")).json
    return [(step["step"], step["owner"]) for step in trail["steps"] if step["handoff"] == handoff]


async def write(practice: Practice, thread: str, who: str, visit: str | None = None) -> str:
    """Write into the thread, as the follow-up of the visit where one is named; gives the refusal, if it is one."""
    body = {"thread": thread, "text": "how is the arm this evening?"} | ({"follow_up_of": visit} if visit else {})
    answered = await practice.command("/v1/messages", body, who=who)
    await practice.stack.quiet()
    return "" if answered.status == 200 else answered.code


async def owed(practice: Practice, who: str) -> list[str]:
    listed = (await practice.get("/v1/follow-ups", who=who)).json["follow_ups"]
    return [one["visit"] for one in listed if one["patient"] == practice.patient]


async def test_om6_the_follow_up_is_closed_by_the_message_of_the_clinician_who_saw_the_patient(
    practice: Practice,
) -> None:
    await practice.at_next(AFTERNOON)
    visit, evening = await seen(practice)
    open_ = await promise(practice, visit)
    assert open_
    assert (open_["owner"], datetime.fromisoformat(open_["due"])) == (f"clinician:{BEN}", evening)
    assert open_["sentence"]
    assert await owed(practice, "ben-whitfield") == [visit]
    thread = (await done(practice, "/v1/threads", {"patient": practice.patient}))["thread"]
    assert not await write(practice, thread, "patient")
    assert await write(practice, thread, "grace-kim", visit) == "follow-up-not-owed"
    assert await write(practice, thread, "amara-okafor", visit) == "follow-up-not-owed"
    assert not await write(practice, thread, "grace-kim")
    assert not await write(practice, thread, "ben-whitfield")
    assert await promise(practice, visit) == open_
    assert not await write(practice, thread, "ben-whitfield", visit)
    assert await promise(practice, visit) is None
    assert await steps(practice, open_["handoff"]) == [("opened", f"clinician:{BEN}"), ("closed", f"clinician:{BEN}")]
    assert await owed(practice, "ben-whitfield") == []
    page = (await practice.get(f"/v1/threads/{thread}/messages")).json["messages"]
    assert page[0]["author"] == BEN
    assert await write(practice, thread, "ben-whitfield", visit) == "follow-up-not-owed"


async def test_om6_a_follow_up_that_was_passed_on_is_its_new_owners_and_no_longer_the_others(
    practice: Practice,
) -> None:
    await practice.at_next(AFTERNOON)
    visit, _ = await seen(practice)
    open_ = await promise(practice, visit)
    assert open_
    thread = (await done(practice, "/v1/threads", {"patient": practice.patient}, "ben-whitfield"))["thread"]
    refused = await practice.command("/v1/threads", {"patient": practice.patient}, who="chen-liu")
    assert refused.status == 404
    await done(
        practice, "/v1/handoffs/move", {"handoff": open_["handoff"], "owner": f"clinician:{CHEN}"}, "ben-whitfield"
    )
    assert (await owed(practice, "ben-whitfield"), await owed(practice, "chen-liu")) == ([], [visit])
    assert await write(practice, thread, "ben-whitfield", visit) == "follow-up-not-owed"
    assert (await promise(practice, visit) or {}).get("owner") == f"clinician:{CHEN}"
    own = (await done(practice, "/v1/threads", {"patient": practice.patient}, "chen-liu"))["thread"]
    assert not await write(practice, own, "chen-liu", visit)
    assert await promise(practice, visit) is None
    assert (await steps(practice, open_["handoff"]))[-1] == ("closed", f"clinician:{CHEN}")
    refused = await practice.command("/v1/threads", {"patient": practice.patient}, who="chen-liu")
    assert refused.status == 404


async def test_om6_the_evening_that_passes_without_a_word_climbs_and_who_takes_it_up_keeps_it(
    practice: Practice,
) -> None:
    await practice.at_next(AFTERNOON)
    visit, evening = await seen(practice)
    open_ = await promise(practice, visit)
    assert open_
    practice.stack.clock.set(evening - timedelta(seconds=2), still=True)
    await practice.stack.quiet()
    assert await promise(practice, visit) == open_
    practice.stack.clock.set(evening + timedelta(seconds=1))
    await practice.stack.quiet()
    climbed = await promise(practice, visit)
    assert climbed
    assert (climbed["owner"], climbed["rung"]) == ("team:care", 1)
    assert await steps(practice, open_["handoff"]) == [("opened", f"clinician:{BEN}"), ("escalated", "team:care")]
    passed = {"handoff": open_["handoff"], "owner": f"clinician:{AMARA}"}
    await done(practice, "/v1/handoffs/move", passed, "grace-kim")
    own = (await done(practice, "/v1/threads", {"patient": practice.patient}, "amara-okafor"))["thread"]
    assert not await write(practice, own, "amara-okafor", visit)
    assert await promise(practice, visit) is None
