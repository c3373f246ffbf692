"""AC8: fourteen days of follow-up, in which the clock stands still while the practice owes a reply."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from baton_events.messaging import ConsultEnded, ConsultEnding
from tests.messaging.consulting import CALM, DIAGNOSIS, PLAN, STEPS, UTI

if TYPE_CHECKING:
    from tests.gateway.conftest import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARIA, BEN = "9a71e000-0000-4000-8000-000000000001", "c1111c00-0000-4000-8000-000000000002"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
START = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
CARRIED_OUT_WITHIN = timedelta(minutes=1)
"""By how long after the end at the latest it is carried out."""


async def done(practice: Gateway, path: str, body: dict[str, Any], who: str = "maria-lopez") -> dict[str, Any]:
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def treated(practice: Gateway) -> dict[str, Any]:
    """A consult of Maria's with a plan of Ben's."""
    offers = await done(practice, "/v1/consults/offers", {"patient": MARIA, "condition": UTI})
    offer = next(one["offer"] for one in offers["offers"] if one["clinician"] == BEN)
    answers = msgspec.to_builtins(CALM)
    asked = await done(practice, "/v1/consults", {"offer": offer, "answers": answers})
    plan = {"consult": asked["consult"], "version": 1, "diagnosis": DIAGNOSIS, "plan": PLAN, "steps": STEPS}
    await done(practice, "/v1/consults/plan", plan, "ben-whitfield")
    return asked


async def write(practice: Gateway, consult: dict[str, Any], who: str) -> tuple[int, dict[str, Any]]:
    body = {"thread": consult["thread"], "text": "does it still burn?"}
    answered = await practice.command("/v1/messages", body, who=who)
    return answered.status, answered.json


async def window(practice: Gateway, consult: dict[str, Any]) -> dict[str, datetime]:
    """Whatever is set of the end, the pause and the last moment."""
    shown = (await practice.get(f"/v1/consults/{consult['consult']}")).json["window"]
    return {name: datetime.fromisoformat(at) for name, at in shown.items() if at}


async def at(practice: Gateway, moment: datetime) -> None:
    practice.stack.clock.set(moment, still=True)
    await practice.stack.quiet()


async def test_ac8_the_days_pause_while_an_answer_is_owed_and_a_message_in_the_last_second_is_answered(
    practice: Gateway,
) -> None:
    await at(practice, START)
    consult = await treated(practice)
    assert await window(practice, consult) == {"ends_at": START + 14 * DAY}
    await at(practice, START + DAY)
    assert (await write(practice, consult, "maria-lopez"))[0] == 200
    assert await window(practice, consult) == {"paused_since": START + DAY}
    await at(practice, START + 3 * DAY)
    assert (await write(practice, consult, "ben-whitfield"))[0] == 200
    assert await window(practice, consult) == {"ends_at": START + 16 * DAY}
    await at(practice, START + 15 * DAY)
    assert [one.event.ends for one in await practice.stack.events(ConsultEnding)] == [START + 16 * DAY]
    await at(practice, START + 16 * DAY - SECOND)
    assert (await write(practice, consult, "maria-lopez"))[0] == 200
    await at(practice, START + 18 * DAY)
    assert (await practice.get(f"/v1/consults/{consult['consult']}")).json["status"] == "treated"
    assert (await write(practice, consult, "ben-whitfield"))[0] == 200
    assert await window(practice, consult) == {"ends_at": START + 18 * DAY + SECOND}
    await at(practice, START + 18 * DAY + CARRIED_OUT_WITHIN)
    assert [one.event.ends for one in await practice.stack.events(ConsultEnding)][1:] == [START + 18 * DAY + SECOND]
    await at(practice, START + 60 * DAY)
    assert len(await practice.stack.events(ConsultEnded)) == 1
    assert (await practice.get(f"/v1/consults/{consult['consult']}")).json["status"] == "ended"
    status, told = await write(practice, consult, "maria-lopez")
    assert (status, told["code"]) == (409, "consult-over")
    assert all(word in told["detail"] for word in ("readable", "new one", "visit", "person"))
    page = (await practice.get(f"/v1/threads/{consult['thread']}/messages")).json["messages"]
    assert len(page) == 4
