"""AC8: fourteen days of follow-up, in which the clock stands still while the practice owes a reply."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest

from baton_events.messaging import ConsultEnded, ConsultEnding
from tests.messaging.consulting import CALM, DIAGNOSIS, PLAN, STEPS, UTI

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

BEN = "c1111c00-0000-4000-8000-000000000002"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
CARRIED_OUT_WITHIN = timedelta(minutes=1)
"""By how long after the end at the latest it is carried out."""


async def done(practice: Practice, path: str, body: dict[str, Any], who: str = "patient") -> dict[str, Any]:
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def treated(practice: Practice) -> dict[str, Any]:
    """A consult of the patient's with a plan of Ben's."""
    offers = await done(practice, "/v1/consults/offers", {"patient": practice.patient, "condition": UTI})
    offer = next(one["offer"] for one in offers["offers"] if one["clinician"] == BEN)
    answers = msgspec.to_builtins(CALM)
    asked = await done(practice, "/v1/consults", {"offer": offer, "answers": answers})
    plan = {"consult": asked["consult"], "version": 1, "diagnosis": DIAGNOSIS, "plan": PLAN, "steps": STEPS}
    await done(practice, "/v1/consults/plan", plan, "ben-whitfield")
    return asked


async def write(practice: Practice, consult: dict[str, Any], who: str) -> tuple[int, dict[str, Any]]:
    body = {"thread": consult["thread"], "text": "does it still burn?"}
    answered = await practice.command("/v1/messages", body, who=who)
    return answered.status, answered.json


async def window(practice: Practice, consult: dict[str, Any]) -> dict[str, datetime]:
    """Whatever is set of the end, the pause and the last moment."""
    shown = (await practice.get(f"/v1/consults/{consult['consult']}")).json["window"]
    return {name: datetime.fromisoformat(at) for name, at in shown.items() if at}


async def endings(practice: Practice, consult: dict[str, Any]) -> list[datetime]:
    """The ends of which the patient was told that they come."""
    told = (one.event for one in await practice.stack.events(ConsultEnding))
    return [event.ends for event in told if str(event.consult) == consult["consult"]]


async def at(practice: Practice, moment: datetime) -> None:
    practice.stack.clock.set(moment, still=True)
    await practice.stack.quiet()


async def test_ac8_the_days_pause_while_an_answer_is_owed_and_a_message_in_the_last_second_is_answered(
    practice: Practice,
) -> None:
    start = practice.stack.clock()
    await at(practice, start)
    consult = await treated(practice)
    assert await window(practice, consult) == {"ends_at": start + 14 * DAY}
    await at(practice, start + DAY)
    assert (await write(practice, consult, "patient"))[0] == 200
    assert await window(practice, consult) == {"paused_since": start + DAY}
    await at(practice, start + 3 * DAY)
    assert (await write(practice, consult, "ben-whitfield"))[0] == 200
    assert await window(practice, consult) == {"ends_at": start + 16 * DAY}
    await at(practice, start + 15 * DAY)
    assert await endings(practice, consult) == [start + 16 * DAY]
    await at(practice, start + 16 * DAY - SECOND)
    assert (await write(practice, consult, "patient"))[0] == 200
    await at(practice, start + 18 * DAY)
    assert (await practice.get(f"/v1/consults/{consult['consult']}")).json["status"] == "treated"
    assert (await write(practice, consult, "ben-whitfield"))[0] == 200
    assert await window(practice, consult) == {"ends_at": start + 18 * DAY + SECOND}
    await at(practice, start + 18 * DAY + CARRIED_OUT_WITHIN)
    assert (await endings(practice, consult))[1:] == [start + 18 * DAY + SECOND]
    await at(practice, start + 60 * DAY)
    ended = [one.event.consult for one in await practice.stack.events(ConsultEnded)]
    assert ended.count(UUID(consult["consult"])) == 1
    assert (await practice.get(f"/v1/consults/{consult['consult']}")).json["status"] == "ended"
    status, told = await write(practice, consult, "patient")
    assert (status, told["code"]) == (409, "consult-over")
    assert all(word in told["detail"] for word in ("readable", "new one", "visit", "person"))
    page = (await practice.get(f"/v1/threads/{consult['thread']}/messages")).json["messages"]
    assert len(page) == 4
