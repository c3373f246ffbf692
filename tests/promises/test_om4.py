"""OM4: nobody sits in a waiting room: a check-in opens a handoff to a room with a deadline of minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.promises.visiting import booked, room_team

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
ROOM = "visit.room"


async def test_om4_a_check_in_opens_a_handoff_to_a_room_that_climbs_until_the_visit_starts(practice: Practice) -> None:
    visit = await booked(practice, earliest=(practice.stack.clock() + 2 * HOUR).isoformat())
    early = await practice.command("/v1/visits/check-in", {"appointment": visit.appointment})
    assert (early.status, early.code) == (409, "too-early-to-check-in")
    await practice.at(datetime.fromisoformat(early.json["opens_at"]))
    await practice.told("/v1/visits/check-in", {"appointment": visit.appointment})
    room = await practice.owed(ROOM, visit.appointment)
    assert room is not None
    assert (room["owner"], datetime.fromisoformat(room["due"])) == (
        f"team:room:{visit.office}",
        visit.start + 10 * MINUTE,
    )
    assert room["sentence"]
    work = (await practice.shown("/v1/handoffs", room_team(visit.office)))["work"]
    assert visit.appointment in [one["case"] for one in work if one["name"] == ROOM]
    await practice.at(visit.start + 10 * MINUTE - SECOND)
    assert await practice.owed(ROOM, visit.appointment) == room
    await practice.at(visit.start + 10 * MINUTE + SECOND)
    climbed = await practice.owed(ROOM, visit.appointment)
    assert climbed is not None
    assert (climbed["owner"], climbed["rung"]) == (f"team:front-desk:{visit.office}", 1)
    await practice.told("/v1/visits/start", {"visit": visit.visit}, visit.clinician_name)
    assert await practice.owed(ROOM, visit.appointment) is None
    front_desk = f"team:front-desk:{visit.office}"
    assert await practice.steps(ROOM) == [
        ("opened", f"team:room:{visit.office}"),
        ("escalated", front_desk),
        ("closed", front_desk),
    ]


async def test_om4_who_leaves_is_waited_for_no_longer_and_may_come_again(practice: Practice) -> None:
    visit = await booked(practice)
    await practice.at(visit.start)
    await practice.told("/v1/visits/check-in", {"appointment": visit.appointment})
    await practice.at(visit.start + MINUTE)
    await practice.told("/v1/visits/leave", {"visit": visit.visit})
    assert await practice.owed(ROOM, visit.appointment) is None
    await practice.at(visit.start + 2 * MINUTE)
    await practice.told("/v1/visits/check-in", {"appointment": visit.appointment})
    again = await practice.owed(ROOM, visit.appointment)
    assert again is not None
    assert again["owner"] == f"team:room:{visit.office}"
    repeated = await practice.told("/v1/visits/check-in", {"appointment": visit.appointment})
    assert repeated["visit"] == visit.visit
    assert [step for step, _ in await practice.steps(ROOM)] == ["opened", "withdrawn", "opened"]
