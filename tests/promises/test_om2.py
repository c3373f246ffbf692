"""OM2: what the patient wrote at booking is in front of the clinician before the visit, also after a reschedule."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from icalendar import Calendar

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

BEN, AMARA = "c1111c00-0000-4000-8000-000000000002", "c1111c00-0000-4000-8000-000000000001"
WORDS = "my left knee clicks since the move, and it hurts on stairs"


async def done(practice: Practice, path: str, body: dict[str, Any], who: str = "patient") -> dict[str, Any]:
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, answered.body
    await practice.stack.quiet()
    return dict(answered.json)


async def shown(practice: Practice, path: str, who: str = "patient") -> dict[str, Any]:
    answered = await practice.get(path, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def booked(practice: Practice, hours: int) -> dict[str, Any]:
    """The patient tells why, once, and has a time with Ben."""
    earliest = (practice.stack.clock() + timedelta(hours=hours)).isoformat()
    ask = {"reason": WORDS, "clinician": BEN, "kind": "office", "earliest": earliest, "visit_type": "general"}
    offers = (await done(practice, "/v1/offers", ask))["offers"]
    return await done(practice, "/v1/appointments", {"offer": offers[0]["offer"]})


async def offered(practice: Practice, appointment: str, who: str, **wanted: str) -> dict[str, Any]:
    """The best other time, for which nothing is told again."""
    found = await done(practice, "/v1/offers", {"instead_of": appointment, **wanted}, who)
    assert WORDS not in str(found)
    return dict(found["offers"][0])


async def calendar(practice: Practice, appointment: str) -> tuple[str, Any]:
    """The method and the event of what the app gives the patient's calendar."""
    answered = await practice.get(f"/v1/appointments/{appointment}/calendar")
    assert answered.status == 200
    assert answered.headers["Content-Type"].startswith("text/calendar")
    file = Calendar.from_ical(answered.body.decode())
    (event,) = file.walk("VEVENT")
    return str(file["METHOD"]), event


async def owed(practice: Practice, name: str, appointment: str) -> list[str]:
    """Who owes this work to the patient now, by the patient's own trail."""
    trail = await shown(practice, f"/v1/patients/{practice.patient}/trail")
    return [one["owner"] for one in trail["open"] if (one["name"], one["case"]) == (name, appointment)]


async def test_om2_what_the_patient_wrote_is_before_the_clinician_also_after_a_move_to_another(
    practice: Practice,
) -> None:
    appointment = (await booked(practice, 3))["appointment"]
    before = await shown(practice, f"/v1/appointments/{appointment}", "ben-whitfield")
    assert before["reason"] == WORDS
    offer = await offered(practice, appointment, "patient", clinician=AMARA)
    moved = await done(practice, "/v1/appointments/reschedule", {"appointment": appointment, "offer": offer["offer"]})
    assert (moved["appointment"], moved["clinician"]) == (appointment, AMARA)
    after = await shown(practice, f"/v1/appointments/{appointment}", "amara-okafor")
    assert (after["reason"], after["start"], after["price_cents"]) == (WORDS, offer["start"], before["price_cents"])
    visits = (await shown(practice, f"/v1/patients/{practice.patient}/visits", "amara-okafor"))["visits"]
    (visit,) = [one for one in visits if one["appointment"] == appointment]
    assert (visit["clinician"], visit["start"]) == (AMARA, offer["start"])
    method, event = await calendar(practice, appointment)
    assert (method, event["SEQUENCE"], event.decoded("DTSTART")) == (
        "REQUEST",
        1,
        datetime.fromisoformat(offer["start"]),
    )
    await done(practice, "/v1/appointments/cancel", {"appointment": appointment})
    method, event = await calendar(practice, appointment)
    assert (method, event["SEQUENCE"], event["STATUS"]) == ("CANCEL", 2, "CANCELLED")


async def test_om2_a_missed_visit_is_moved_by_the_front_desk_and_the_words_go_along(practice: Practice) -> None:
    made = await booked(practice, 3)
    appointment, price = made["appointment"], (await shown(practice, f"/v1/appointments/{made['appointment']}"))
    practice.stack.clock.set(datetime.fromisoformat(made["end"]) + timedelta(minutes=1, seconds=1))
    await practice.stack.quiet()
    assert await owed(practice, "visit.no-show", appointment) == [f"team:front-desk:{made['office']}"]
    assert (await shown(practice, f"/v1/appointments/{appointment}"))["status"] == "noshow"
    offer = await offered(practice, appointment, "fern-dale", clinician=AMARA)
    move = {"appointment": appointment, "offer": offer["offer"]}
    assert (await practice.command("/v1/appointments/reschedule", move, who="jonas-weber")).status == 404
    await done(practice, "/v1/appointments/reschedule", move, "fern-dale")
    assert await owed(practice, "visit.no-show", appointment) == []
    after = await shown(practice, f"/v1/appointments/{appointment}", "amara-okafor")
    assert (after["reason"], after["status"], after["price_cents"]) == (WORDS, "booked", price["price_cents"])
    assert (await practice.get(f"/v1/appointments/{appointment}", who="fern-dale")).status == 403
    practice.stack.clock.set(datetime.fromisoformat(offer["start"]))
    await done(practice, "/v1/visits/check-in", {"appointment": appointment})
    visits = (await shown(practice, f"/v1/patients/{practice.patient}/visits"))["visits"]
    visit = next(one["visit"] for one in visits if one["appointment"] == appointment)
    for step in ("start", "end"):
        more = {"follow_up": False} if step == "end" else {}
        await done(practice, f"/v1/visits/{step}", {"visit": visit, **more}, "amara-okafor")
    (charge,) = (await shown(practice, f"/v1/patients/{practice.patient}/charges"))["charges"]
    assert charge["cents"] == price["price_cents"]


async def test_om2_a_licence_that_lapses_has_the_front_desk_move_the_visit_with_all_that_was_told(
    practice: Practice,
) -> None:
    made = await booked(practice, 30)
    end = "UPDATE licence SET ended_at = $2 WHERE staff = $1::text::uuid"
    await practice.stack.fetch("directory", end, BEN, practice.stack.clock())
    try:
        await moved_by_the_front_desk(practice, made)
    finally:
        await practice.stack.fetch("directory", end, BEN, None)


async def moved_by_the_front_desk(practice: Practice, made: dict[str, Any]) -> None:
    """The desk is asked to move the visit of the clinician whose licence has lapsed, and does."""
    appointment = made["appointment"]
    await done(practice, "/v1/licences/check", {}, "olive-park")
    desk = f"team:front-desk:{made['office']}"

    async def asked() -> bool:
        await practice.stack.quiet()
        return await owed(practice, "visit.move", appointment) == [desk]

    await practice.stack.until(asked, 15)
    offer = await offered(practice, appointment, "fern-dale")
    assert offer["clinician"] != BEN
    move = {"appointment": appointment, "offer": offer["offer"]}
    await done(practice, "/v1/appointments/reschedule", move, "fern-dale")
    assert await owed(practice, "visit.move", appointment) == []
    after = await shown(practice, f"/v1/appointments/{appointment}")
    assert after["reason"] == WORDS
