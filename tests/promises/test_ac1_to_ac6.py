"""AC1 to AC6: a common condition is treated by message, by a provider chosen where the patient is, or by a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.gateway.conftest import Answered
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

JONAS = "9a71e000-0000-4000-8000-000000000002"
AMARA, BEN, DANA = (f"c1111c00-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
UTI = "urinary-tract-infection"
CALM: dict[str, Any] = {
    **dict.fromkeys(
        ("fever", "flank-pain", "vomiting", "confused", "blood", "pregnant", "weak-immunity", "kidney", "allergic"),
        False,
    ),
    "sex": "female",
    "last-year": {"value": 0, "unit": "times"},
    "symptoms": ["burning"],
    "days": {"value": 2, "unit": "days"},
    "medicines": "none but magnesium",
}


async def told(practice: Practice, path: str, body: dict[str, Any], who: str = "patient") -> dict[str, Any]:
    """The answer to a command or a question, once everything that follows from it has been heard."""
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, answered.body
    await practice.stack.quiet()
    return dict(answered.json)


async def got(practice: Practice, path: str, who: str = "patient") -> dict[str, Any]:
    answered = await practice.get(path, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def refused(practice: Practice, path: str, body: dict[str, Any], who: str) -> tuple[int, str]:
    answered: Answered = await practice.command(path, body, who=who)
    return answered.status, answered.code


async def offers(practice: Practice, patient: str = "", who: str = "patient") -> list[dict[str, Any]]:
    found = await told(practice, "/v1/consults/offers", {"patient": patient or practice.patient, "condition": UTI}, who)
    return list(found["offers"])


async def consult(practice: Practice, clinician: str = BEN) -> dict[str, Any]:
    """A consult that waits for its first answer, with the offer it was taken from."""
    offer = next(one for one in await offers(practice) if one["clinician"] == clinician)
    done = await told(practice, "/v1/consults", {"offer": offer["offer"], "answers": CALM})
    assert done["outcome"] == "requested"
    return {**offer, **done}


async def charges(practice: Practice) -> list[dict[str, Any]]:
    return list((await got(practice, f"/v1/patients/{practice.patient}/charges"))["charges"])


async def open_work(practice: Practice, name: str, case: str) -> dict[str, Any] | None:
    trail = await got(practice, f"/v1/patients/{practice.patient}/trail")
    return next((one for one in trail["open"] if (one["name"], one["case"]) == (name, case)), None)


async def test_ac1_twenty_and_more_conditions_are_treated_by_message(practice: Practice) -> None:
    listed = (await got(practice, f"/v1/conditions?patient={practice.patient}"))["conditions"]
    assert len(listed) >= 20
    hers = [one for one in listed if not one["not_for"]]
    assert len(hers) >= 20
    assert {one["kind"] for one in hers} == {"new", "renewal"}
    for one in hers:
        assert 0 < one["message_price_from_cents"] <= one["visit_price_cents"], one
        form = {"patient": practice.patient, "condition": one["condition"], "answers": {}}
        asked = await told(practice, "/v1/consults/intake", form)
        assert asked["outcome"] == "asking"
        assert all(question["asks"] for question in asked["ask"])
    assert (await practice.get(f"/v1/conditions?patient={practice.patient}", who="jonas-weber")).status == 404


async def test_ac2_only_who_is_licensed_where_the_patient_is_treats_them_and_is_looked_at_each_time(
    practice: Practice,
) -> None:
    s = practice.stack
    state = "UPDATE patient SET state = '{}' WHERE id = '{}'"
    licence = "UPDATE licence SET ended_at = {} WHERE staff = '{}' AND state = 'CA'"
    denver = {one["clinician"] for one in await offers(practice, JONAS, "jonas-weber")}
    assert BEN not in denver
    await s.as_owner("directory", state.format("TX", practice.patient))
    assert [one["clinician"] for one in await offers(practice)] == [DANA], "the state is where she is now"
    await s.as_owner("directory", state.format("CA", practice.patient))
    offer = next(one for one in await offers(practice) if one["clinician"] == BEN)
    await s.as_owner("directory", licence.format("now()", BEN))
    taking = {"offer": offer["offer"], "answers": CALM}
    assert await refused(practice, "/v1/consults", taking, "patient") == (409, "provider-not-licensed")
    await s.as_owner("directory", licence.format("NULL", BEN))
    done = await told(practice, "/v1/consults", taking)
    await s.as_owner("directory", licence.format("now()", BEN))
    plan = {"consult": done["consult"], "version": 1, "diagnosis": "cystitis", "plan": "rest"}
    assert await refused(practice, "/v1/consults/plan", plan, "ben-whitfield") == (409, "provider-not-licensed")
    sign = {
        "patient": practice.patient,
        "medication": "naproxen-500",
        "dosage": "one a day",
        "quantity": 5,
        "refills": 0,
    }
    assert await refused(practice, "/v1/prescriptions", sign, "ben-whitfield") == (403, "licence-missing")
    await s.as_owner("directory", licence.format("NULL", BEN))
    _, code = await refused(practice, "/v1/prescriptions", sign, "ben-whitfield")
    assert code == "no-pharmacy", "only the pharmacy is missing, which the patient has not chosen"
    assert (await told(practice, "/v1/consults/plan", plan, "ben-whitfield"))["version"] == 1


async def test_ac3_price_and_reply_time_are_compared_before_anything_is_paid(practice: Practice) -> None:
    paid = len(await charges(practice))
    found = await offers(practice)
    assert [one["clinician"] for one in found] == [AMARA, DANA, BEN], "her own first, then the lowest price"
    for one in found:
        assert one["price_cents"] > 0
        assert one["credential"] in {"MD", "PA", "NP"}
        assert one["why"]
        quote = await got(practice, f"/v1/quotes/{one['offer']}")
        assert (quote["status"], quote["cents"]) == ("open", one["price_cents"])
    for _ in range(3):
        asked = await consult(practice, DANA)
        practice.stack.clock.advance(timedelta(minutes=12))
        await told(practice, "/v1/messages", {"thread": asked["thread"], "text": "how are you?"}, "dana-reyes")
    dana = next(one for one in await offers(practice) if one["clinician"] == DANA)
    assert (dana["reply_minutes"], dana["measured_from"]) == (15, 3), "measured on her own answers"
    done = await told(practice, "/v1/consults", {"offer": dana["offer"], "answers": CALM})
    promised = datetime.fromisoformat(done["answer_due"]) - practice.stack.clock()
    assert timedelta(minutes=14) < promised <= timedelta(minutes=15)
    locked = await got(practice, f"/v1/quotes/{dana['offer']}")
    assert (locked["status"], locked["cents"]) == ("locked", dana["price_cents"])
    assert len(await charges(practice)) == paid


async def test_ac4_a_red_flag_stops_the_form_and_puts_a_person_in_front_of_her_for_nothing(practice: Practice) -> None:
    paid = len(await charges(practice))
    hot = {"fever": True, "measured": True, "temperature": {"value": 103.1, "unit": "°F"}}
    form = {"patient": practice.patient, "condition": UTI, "answers": hot}
    stopped = await told(practice, "/v1/consults/intake", form)
    assert (stopped["outcome"], stopped["ask"], stopped["offers"]) == ("red-flag", [], "person")
    assert stopped["stopped"][0]["says"]
    offer = (await offers(practice))[0]
    done = await told(practice, "/v1/consults", {"offer": offer["offer"], "answers": hot})
    assert done["outcome"] == "red-flag"
    owed = await open_work(practice, "person.join", done["person_request"])
    assert owed is not None
    assert owed["owner"] == "team:clinicians-on-call"
    assert datetime.fromisoformat(owed["due"]) - practice.stack.clock() <= timedelta(minutes=5)
    joined = await told(practice, "/v1/people/requests/join", {"request": done["person_request"]}, "dana-reyes")
    assert joined["joined_by"] == DANA
    assert await open_work(practice, "person.join", done["person_request"]) is None
    told_already = await got(practice, f"/v1/consults/{done['consult']}", "dana-reyes")
    assert "103.1 °F" in {one["said"] for one in told_already["told"]}, "nothing is told twice"
    assert (await got(practice, f"/v1/quotes/{offer['offer']}"))["status"] == "open"
    assert len(await charges(practice)) == paid


async def test_ac5_the_consult_is_a_sealed_conversation_at_her_pace(practice: Practice) -> None:
    s, asked = practice.stack, await consult(practice)
    owed = await open_work(practice, "consult.answer", asked["consult"])
    assert owed is not None
    assert owed["owner"] == f"clinician:{BEN}"
    for who, text, later in (
        ("ben-whitfield", "does it burn every time?", timedelta(minutes=20)),
        ("patient", "only in the mornings, since the wedding", timedelta(days=2)),
        ("ben-whitfield", "then let us do this", timedelta(hours=1)),
    ):
        s.clock.advance(later)
        await told(practice, "/v1/messages", {"thread": asked["thread"], "text": text}, who)
    assert await open_work(practice, "consult.answer", asked["consult"]) is None
    page = (await got(practice, f"/v1/threads/{asked['thread']}/messages"))["messages"]
    assert [one["party"] for one in page] == ["staff", "patient", "staff"]
    rows = await s.fetch("messaging", "SELECT sealed FROM message UNION ALL SELECT sealed FROM consult")
    for words in (b"wedding", b"magnesium", b"urinary"):
        assert not any(words in row["sealed"] for row in rows)
    stranger = await practice.get(f"/v1/consults/{asked['consult']}", who="chen-liu")
    assert (stranger.status, stranger.code) == (404, "no-such-consult")


async def test_ac6_a_plan_is_made_for_her_versioned_and_acknowledged(practice: Practice) -> None:
    asked = await consult(practice)
    plan = {
        "consult": asked["consult"],
        "version": 1,
        "diagnosis": "uncomplicated cystitis",
        "plan": "five days of nitrofurantoin, with food",
        "steps": ["write if a fever comes"],
    }
    await told(practice, "/v1/consults/plan", plan, "ben-whitfield")
    reading = {"consult": asked["consult"], "version": 1}
    await told(practice, "/v1/consults/acknowledge", reading)
    changed = {**plan, "version": 2, "plan": "one dose of fosfomycin"}
    assert await refused(practice, "/v1/consults/plan", plan, "ben-whitfield") == (409, "plan-version-taken")
    await told(practice, "/v1/consults/plan", changed, "ben-whitfield")
    assert await refused(practice, "/v1/consults/acknowledge", reading, "patient") == (409, "plan-superseded")
    await told(practice, "/v1/consults/acknowledge", {**reading, "version": 2})
    shown = await got(practice, f"/v1/consults/{asked['consult']}")
    assert (shown["status"], shown["version"], shown["condition_name"]) == ("treated", 2, "Urinary tract infection")
    assert (shown["sees_to_it"]["name"], shown["sees_to_it"]["credential"]) == ("Ben Whitfield", "MD")
    newest, first = shown["plans"]
    assert (newest["plan"], newest["acknowledged_by"]) == (changed["plan"], practice.patient)
    assert (first["plan"], first["acknowledged_by"], first["steps"]) == (plan["plan"], practice.patient, plan["steps"])
    (charge,) = [one for one in await charges(practice) if one["case"] == asked["consult"]]
    assert charge["cents"] == asked["price_cents"], "the second version costs nothing"
