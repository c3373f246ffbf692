"""OM12: a person can be reached from anywhere in the app; the handoff carries the context, so nothing is told twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

SAM = "57aff000-0000-4000-8000-000000000006"
DANA = "c1111c00-0000-4000-8000-000000000003"
WORDS = "I was charged for a visit that was moved twice"


async def told(practice: Practice, path: str, body: dict[str, Any], who: str = "patient") -> dict[str, Any]:
    """The answer to a command."""
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def shown(practice: Practice, path: str, who: str) -> dict[str, Any]:
    """The answer to a question."""
    answered = await practice.get(path, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def waits(practice: Practice, who: str) -> dict[str, Any]:
    """The patient's one request among those that somebody of the staff sees."""
    listed = (await shown(practice, "/v1/people/requests", who))["requests"]
    (own,) = [one for one in listed if one["patient"] == practice.patient]
    return dict(own)


async def trail(practice: Practice, subject: str) -> list[str]:
    """What the patient reads of it in their trail."""
    await practice.stack.quiet()
    steps = (await shown(practice, f"/v1/patients/{practice.patient}/trail", "patient"))["steps"]
    return [step["sentence"] for step in steps if subject in step["sentence"].lower()]


async def test_om12_a_person_is_reached_from_anywhere_and_knows_what_it_is_about(practice: Practice) -> None:
    prescription = str(uuid4())
    ask = {"patient": practice.patient, "about": "service", "words": WORDS}
    asked = await told(
        practice, "/v1/people/requests", {**ask, "context": {"place": "refill", "prescription": prescription}}
    )
    waiting = await waits(practice, "sam-porter")
    assert waiting["request"] == asked["request"]
    assert WORDS not in str(waiting)
    context = f"/v1/people/requests/{asked['request']}"
    assert (await practice.get(context, who="sam-porter")).status == 404
    joined = await told(practice, "/v1/people/requests/join", {"request": asked["request"]}, "sam-porter")
    assert joined["joined_by"] == SAM
    (doing,) = (await shown(practice, context, "sam-porter"))["told"]
    assert (doing["place"], doing["prescription"], doing["words"]) == ("refill", prescription, WORDS)
    await told(practice, "/v1/messages", {"thread": asked["thread"], "text": "I have it in front of me"}, "sam-porter")
    page = await shown(practice, f"/v1/threads/{asked['thread']}/messages", "patient")
    assert [message["text"] for message in page["messages"]] == ["I have it in front of me", WORDS]
    (own,) = (await shown(practice, "/v1/people/requests", "patient"))["requests"]
    assert own["joined_by"] == SAM
    assert (await practice.get(context, who="jonas-weber")).status == 404
    assert await trail(practice, "person")


async def test_om12_words_that_sound_like_an_emergency_are_met_at_once_by_the_clinician_on_call(
    practice: Practice,
) -> None:
    thread = (await told(practice, "/v1/threads", {"patient": practice.patient}))["thread"]
    text = "since an hour ago I have crushing pain in my chest"
    sent = await told(practice, "/v1/messages", {"thread": thread, "text": text})
    met = sent["emergency"]
    assert met["guidance"]["call"] == "911"
    waiting = await waits(practice, "dana-reyes")
    assert (waiting["request"], waiting["thread"]) == (met["request"], thread)
    await practice.stack.quiet()
    work = (await shown(practice, "/v1/handoffs", "dana-reyes"))["work"]
    assert met["request"] in [one["case"] for one in work if one["name"] == "person.join"]
    await told(practice, "/v1/people/requests/join", {"request": met["request"]}, "dana-reyes")
    page = await shown(practice, f"/v1/threads/{thread}/messages", "dana-reyes")
    assert [message["text"] for message in page["messages"]] == [text]
    await practice.stack.quiet()
    work = (await shown(practice, "/v1/handoffs", "dana-reyes"))["work"]
    assert met["request"] not in [one["case"] for one in work]


async def test_om12_of_two_who_join_one_is_told_who_did_and_the_patient_may_no_longer_wait(practice: Practice) -> None:
    ask = {"patient": practice.patient, "about": "care", "context": {"place": "medications"}}
    asked = await told(practice, "/v1/people/requests", ask)
    assert (
        await practice.command("/v1/people/requests/join", {"request": asked["request"]}, who="sam-porter")
    ).status == 404
    await told(practice, "/v1/people/requests/withdraw", {"request": asked["request"]})
    late = await practice.command("/v1/people/requests/join", {"request": asked["request"]}, who="dana-reyes")
    assert (late.status, late.code) == (409, "request-withdrawn")
