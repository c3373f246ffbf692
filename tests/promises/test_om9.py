"""OM9: a person answers, by message, mail or phone; a call back has a promised time, and no question is handed back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.gateway.conftest import Gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARIA = "9a71e000-0000-4000-8000-000000000001"
SAM = "57aff000-0000-4000-8000-000000000006"
WORDS = "asks why the lab sent her a bill of its own"


async def told(practice: Gateway, path: str, body: dict[str, Any], who: str) -> dict[str, Any]:
    """The answer to a command."""
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def shown(practice: Gateway, path: str, who: str) -> dict[str, Any]:
    """The answer to a question."""
    answered = await practice.get(path, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def owed(practice: Gateway, who: str) -> list[str]:
    """The questions on somebody's list, by the practice's own ledger."""
    await practice.stack.quiet()
    work = (await shown(practice, "/v1/handoffs", who))["work"]
    return [one["case"] for one in work if one["name"] == "support.reply"]


async def test_om9_a_call_is_written_down_called_back_in_time_and_closed_by_the_answer(practice: Gateway) -> None:
    promised = practice.stack.clock() + timedelta(hours=2)
    call = {"patient": MARIA, "channel": "phone", "origin": "patient", "words": WORDS, "answered": False}
    kept = await told(practice, "/v1/contacts", {**call, "call_back_by": promised.isoformat()}, "fern-dale")
    assert datetime.fromisoformat(kept["answer_due"]) == promised
    assert await owed(practice, "sam-porter") == [kept["question"]]
    (question,) = (await shown(practice, "/v1/questions", "sam-porter"))["questions"]
    assert (question["question"], question["owner"]) == (kept["question"], "team:support")
    await told(practice, "/v1/threads/claim", {"thread": kept["thread"]}, "sam-porter")
    page = await shown(practice, f"/v1/threads/{kept['thread']}/messages", "sam-porter")
    assert [message["text"] for message in page["messages"]] == [WORDS]
    back = {"patient": MARIA, "channel": "phone", "origin": "staff", "words": "explained, lab bill is ours"}
    await told(practice, "/v1/contacts", {**back, "answered": True, "answers": kept["question"]}, "sam-porter")
    assert await owed(practice, "sam-porter") == []
    log = (await shown(practice, f"/v1/patients/{MARIA}/contacts", "maria-lopez"))["contacts"]
    assert [(one["origin"], one["answered"]) for one in log] == [("staff", True), ("patient", False)]
    assert log[0]["logged_by"] == SAM
    assert (await practice.get(f"/v1/patients/{MARIA}/contacts", who="jonas-weber")).status == 404
    own = (await shown(practice, f"/v1/patients/{MARIA}/contacts", "fern-dale"))["contacts"]
    assert [one["words"] for one in own] == [WORDS]


async def test_om9_a_question_by_message_is_answered_by_a_person_and_stays_with_the_practice_until_then(
    practice: Gateway,
) -> None:
    thread = (await told(practice, "/v1/threads", {"patient": MARIA, "kind": "support"}, "maria-lopez"))["thread"]
    await told(practice, "/v1/messages", {"thread": thread, "text": "where is my receipt?"}, "maria-lopez")
    (case,) = await owed(practice, "sam-porter")
    practice.stack.clock.advance(timedelta(hours=1, minutes=1))
    await practice.stack.until(lambda: climbed(practice, case), 10)
    trail = (await shown(practice, f"/v1/patients/{MARIA}/trail", "maria-lopez"))["steps"]
    assert not any("patient:" in str(step) for step in trail)
    await told(practice, "/v1/threads/claim", {"thread": thread}, "sam-porter")
    await told(practice, "/v1/messages", {"thread": thread, "text": "attached"}, "sam-porter")
    await practice.stack.quiet()
    assert case not in await owed(practice, "grace-kim")


async def climbed(practice: Gateway, case: str) -> bool:
    """Whether the next team has the question now."""
    return case in await owed(practice, "grace-kim")
