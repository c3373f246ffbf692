"""OM9: a person answers, by message, mail or phone; a call back has a promised time, and no question is handed back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

SAM = "57aff000-0000-4000-8000-000000000006"
WORDS = "asks why the lab sent her a bill of its own"


async def told(practice: Practice, path: str, body: dict[str, Any], who: str) -> dict[str, Any]:
    """The answer to a command."""
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def shown(practice: Practice, path: str, who: str) -> dict[str, Any]:
    """The answer to a question."""
    answered = await practice.get(path, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def owed(practice: Practice, who: str) -> list[str]:
    """The questions on somebody's list, by the practice's own ledger."""
    await practice.stack.quiet()
    work = (await shown(practice, "/v1/handoffs", who))["work"]
    return [one["case"] for one in work if (one["name"], one["patient"]) == ("support.reply", practice.patient)]


async def test_om9_a_call_is_written_down_called_back_in_time_and_closed_by_the_answer(practice: Practice) -> None:
    promised = practice.stack.clock() + timedelta(hours=2)
    call = {"patient": practice.patient, "channel": "phone", "origin": "patient", "words": WORDS, "answered": False}
    kept = await told(practice, "/v1/contacts", {**call, "call_back_by": promised.isoformat()}, "fern-dale")
    assert datetime.fromisoformat(kept["answer_due"]) == promised
    assert await owed(practice, "sam-porter") == [kept["question"]]
    questions = (await shown(practice, "/v1/questions", "sam-porter"))["questions"]
    assert (kept["question"], "team:support") in {(one["question"], one["owner"]) for one in questions}
    await told(practice, "/v1/threads/claim", {"thread": kept["thread"]}, "sam-porter")
    page = await shown(practice, f"/v1/threads/{kept['thread']}/messages", "sam-porter")
    assert [message["text"] for message in page["messages"]] == [WORDS]
    back = {"patient": practice.patient, "channel": "phone", "origin": "staff", "words": "explained, lab bill is ours"}
    await told(practice, "/v1/contacts", {**back, "answered": True, "answers": kept["question"]}, "sam-porter")
    assert await owed(practice, "sam-porter") == []
    log = (await shown(practice, f"/v1/patients/{practice.patient}/contacts", "patient"))["contacts"]
    assert [(one["origin"], one["answered"]) for one in log] == [("staff", True), ("patient", False)]
    assert log[0]["logged_by"] == SAM
    assert (await practice.get(f"/v1/patients/{practice.patient}/contacts", who="jonas-weber")).status == 404
    own = (await shown(practice, f"/v1/patients/{practice.patient}/contacts", "fern-dale"))["contacts"]
    assert [one["words"] for one in own] == [WORDS]


async def test_om9_a_question_by_message_is_answered_by_a_person_and_stays_with_the_practice_until_then(
    practice: Practice,
) -> None:
    opened = await told(practice, "/v1/threads", {"patient": practice.patient, "kind": "support"}, "patient")
    thread = opened["thread"]
    await told(practice, "/v1/messages", {"thread": thread, "text": "where is my receipt?"}, "patient")
    (case,) = await owed(practice, "sam-porter")
    practice.stack.clock.advance(timedelta(hours=1, minutes=1))
    await practice.stack.until(lambda: climbed(practice, case), 10)
    trail = (await shown(practice, f"/v1/patients/{practice.patient}/trail", "patient"))["steps"]
    assert not any("patient:" in str(step) for step in trail)
    await told(practice, "/v1/threads/claim", {"thread": thread}, "sam-porter")
    await told(practice, "/v1/messages", {"thread": thread, "text": "attached"}, "sam-porter")
    await practice.stack.quiet()
    assert case not in await owed(practice, "grace-kim")


async def climbed(practice: Practice, case: str) -> bool:
    """Whether the next team has the question now."""
    return case in await owed(practice, "grace-kim")
