"""OM7: video at any hour with who is on call, by a promised time, to a diagnosis and a prescription."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

DANA = "c1111c00-0000-4000-8000-000000000003"
REASON = "my eye itches and weeps since last night"
MINUTE = timedelta(minutes=1)
CONNECT = "video.connect"


async def asked_for(practice: Practice) -> tuple[str, datetime]:
    """The call that the patient waits for, and by when somebody is with them."""
    told = await practice.told("/v1/video", {"patient": practice.patient, "reason": REASON})
    return told["video"], datetime.fromisoformat(told["promised_at"])


async def visit_of(practice: Practice, appointment: str) -> dict[str, Any]:
    listed = (await practice.shown(f"/v1/patients/{practice.patient}/visits"))["visits"]
    return next(one for one in listed if one["appointment"] == appointment)


async def test_om7_at_night_a_promise_is_made_and_kept_and_ends_in_a_diagnosis_and_a_prescription(
    practice: Practice,
) -> None:
    await practice.at_next(3)
    promise = await practice.shown(f"/v1/patients/{practice.patient}/video-promise")
    assert (promise["state"], promise["waiting"]) == ("CA", 0)
    assert promise["minutes"] <= 10
    assert promise["price_cents"] > 0
    video, promised = await asked_for(practice)
    assert timedelta() < promised - practice.stack.clock() <= 10 * MINUTE
    owed = await practice.owed(CONNECT, video)
    assert owed is not None
    assert owed["owner"] == "team:clinicians-on-call"
    assert datetime.fromisoformat(owed["due"]) < promised, "so that somebody can still keep the promise"
    waiting = (await practice.shown("/v1/video", "dana-reyes"))["waiting"]
    assert video in [one["video"] for one in waiting]
    joined = await practice.told("/v1/video/connect", {"video": video}, "dana-reyes")
    assert await practice.owed(CONNECT, video) is None
    call = await practice.shown(f"/v1/video/{video}")
    assert (call["clinician"], call["credential"], call["reason"]) == (DANA, "PA", REASON)
    assert call["link"].startswith("https://")
    visit = await visit_of(practice, joined["appointment"])
    assert (visit["status"], visit["clinician"]) == ("in-progress", DANA)
    await practice.told("/v1/visits/end", {"visit": visit["visit"], "follow_up": False}, "dana-reyes")
    steps = [{"who": "You", "what": "Keep a cold cloth on it, four times a day"}]
    said = {"visit": visit["visit"], "summary": "Allergic conjunctivitis of the left eye.", "next_steps": steps}
    await practice.told("/v1/visits/summarise", said, "dana-reyes")
    shown = await visit_of(practice, joined["appointment"])
    assert (shown["status"], shown["summary"]) == ("finished", said["summary"])
    await prescribed(practice)


async def prescribed(practice: Practice) -> None:
    """The clinician who was on the call signs, and it is on its way to the patient's own pharmacy."""
    (pharmacy,) = (await practice.shown("/v1/pharmacies"))["pharmacies"]
    await practice.told("/v1/pharmacy-preferences", {"pharmacy": pharmacy["pharmacy"]})
    sign = {
        "patient": practice.patient,
        "medication": "naproxen-500",
        "dosage": "one a day",
        "quantity": 5,
        "refills": 0,
    }
    signed = await practice.told("/v1/prescriptions", sign, "dana-reyes")
    (medication,) = (await practice.shown(f"/v1/patients/{practice.patient}/medications"))["medications"]
    assert (medication["prescription"], medication["prescriber"]) == (signed["prescription"], DANA)
    assert medication["pharmacy"] == pharmacy["pharmacy"]


async def test_om7_a_promise_at_risk_climbs_before_it_is_broken_and_whoever_leaves_waits_no_longer(
    practice: Practice,
) -> None:
    video, promised = await asked_for(practice)
    again = await practice.command("/v1/video", {"patient": practice.patient, "reason": REASON})
    assert (again.status, again.code) == (409, "already-waiting")
    await practice.at(promised - MINUTE)
    climbed = await practice.owed(CONNECT, video)
    assert climbed is not None
    assert (climbed["owner"], climbed["rung"]) == ("team:care", 1)
    await practice.told("/v1/video/leave", {"video": video})
    assert await practice.owed(CONNECT, video) is None
    late = await practice.command("/v1/video/connect", {"video": video}, who="dana-reyes")
    assert (late.status, late.code) == (409, "call-over")
    assert [step for step, _ in await practice.steps(CONNECT)] == ["opened", "escalated", "withdrawn"]
