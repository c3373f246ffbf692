"""OM5: a gap noticed in the visit becomes an order to the lab tech, done and recorded minutes later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.promises.visiting import LAB_TECH, booked, under_way

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

ORDER = "visit.order"
MINUTE = timedelta(minutes=1)


async def test_om5_a_gap_noticed_in_the_visit_is_an_order_that_the_lab_has_done_minutes_later(
    practice: Practice,
) -> None:
    visit = await booked(practice)
    await under_way(practice, visit)
    shown = await practice.shown(f"/v1/visits/{visit.visit}", visit.clinician_name)
    assert "flu-shot" in {one["code"] for one in shown["due"]}
    body = {"visit": visit.visit, "code": "flu-shot", "note": "left arm"}
    order = (await practice.told("/v1/orders/place", body, visit.clinician_name))["order"]
    owed = await practice.owed(ORDER, order)
    assert owed is not None
    lab = f"team:lab:{visit.office}"
    assert (owed["owner"], datetime.fromisoformat(owed["due"])) == (lab, practice.stack.clock() + 15 * MINUTE)
    (listed,) = [one for one in (await practice.shown("/v1/orders", LAB_TECH))["orders"] if one["order"] == order]
    assert (listed["patient"], listed["note"]) == (practice.patient, "left arm")
    await practice.at(visit.start + 2 * MINUTE)
    await practice.told("/v1/orders/accept", {"order": order}, LAB_TECH)
    await practice.at(visit.start + 6 * MINUTE)
    without = await practice.command("/v1/orders/complete", {"order": order}, who=LAB_TECH)
    assert (without.status, without.code) == (400, "lot-missing")
    await practice.told("/v1/orders/complete", {"order": order, "lot": "FL-2026-118"}, LAB_TECH)
    assert await practice.owed(ORDER, order) is None
    assert [step for step, _ in await practice.steps(ORDER)] == ["opened", "accepted", "closed"]
    shown = await practice.shown(f"/v1/visits/{visit.visit}")
    (done,) = shown["orders"]
    assert (done["status"], done["lot"]) == ("completed", "FL-2026-118")
    assert "flu-shot" not in {one["code"] for one in shown["due"]}


async def test_om5_an_order_that_nobody_takes_climbs_and_one_that_cannot_be_done_says_why(practice: Practice) -> None:
    visit = await booked(practice)
    await under_way(practice, visit)
    order = (await practice.told("/v1/orders/place", {"visit": visit.visit, "code": "ecg"}, visit.clinician_name))[
        "order"
    ]
    await practice.at(visit.start + 16 * MINUTE)
    climbed = await practice.owed(ORDER, order)
    assert climbed is not None
    assert (climbed["owner"], climbed["rung"]) == (f"team:room:{visit.office}", 1)
    await practice.told("/v1/orders/decline", {"order": order, "reason": "the device is being repaired"}, LAB_TECH)
    assert await practice.owed(ORDER, order) is None
    (declined,) = (await practice.shown(f"/v1/visits/{visit.visit}", visit.clinician_name))["orders"]
    assert (declined["status"], declined["outcome"]) == ("rejected", "the device is being repaired")
