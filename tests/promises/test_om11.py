"""OM11: continuity: the own clinician ranks first when free; what is due is offered before it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.promises.conftest import AMARA, Practice
from tests.promises.visiting import SAN_FRANCISCO, booked, under_way

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]


async def offers(practice: Practice, **wanted: Any) -> Mapping[str, Any]:
    return await practice.told("/v1/offers", {"reason": "a rash", **wanted})


async def test_om11_the_own_clinician_comes_first_while_free_and_another_when_not(practice: Practice) -> None:
    found = (await offers(practice))["offers"]
    assert found[0]["clinician"] == AMARA
    assert "your own clinician" in found[0]["why"]
    same = {"earliest": found[0]["start"], "latest": found[0]["start"]}
    at_once = (await offers(practice, **same))["offers"]
    assert at_once[0]["clinician"] == AMARA
    assert len({one["clinician"] for one in at_once}) > 1
    other = Practice(practice.stack, practice.http)
    await other.take_on()
    theirs = next(one for one in (await offers(other, **same))["offers"] if one["clinician"] == AMARA)
    await other.told("/v1/appointments", {"offer": theirs["offer"]})
    left = (await offers(practice, **same))["offers"]
    assert left
    assert AMARA not in {one["clinician"] for one in left}
    story = await practice.shown(f"/v1/patients/{practice.patient}/story")
    assert (story["own_clinician"]["person"], story["own_clinician"]["name"]) == (AMARA, "Amara Okafor")


async def test_om11_what_is_due_is_found_offered_while_booking_and_there_at_check_in(practice: Practice) -> None:
    async def found() -> list[str]:
        """What the practice found out by itself, each with an open offer of the care team."""
        items = (await practice.shown(f"/v1/patients/{practice.patient}/due"))["due"]
        owed = [await practice.owed("care.offer", one["gap"]) for one in items if one["gap"]]
        owners = [one["owner"] for one in owed if one]
        return owners if len(owners) == len(items) else []

    due = (await practice.shown(f"/v1/patients/{practice.patient}/due"))["due"]
    assert "flu-shot" in {one["code"] for one in due}
    assert all(one["source"] and one["why"] for one in due)
    assert (await offers(practice))["due"] == [one["name"] for one in due]
    visit = await booked(practice, office=SAN_FRANCISCO)
    await under_way(practice, visit)
    shown = await practice.shown(f"/v1/visits/{visit.visit}", visit.clinician_name)
    assert [one["code"] for one in shown["due"]] == [one["code"] for one in due]
    owners = await practice.stack.until(found, 10)
    assert owners == ["team:care"] * len(due)
