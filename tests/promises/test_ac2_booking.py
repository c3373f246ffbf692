"""AC2, booking: only who is licensed where the patient is, at offer, booking and start; a state is opened by data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.promises.conftest import AMARA
from tests.support.edited import edited

if TYPE_CHECKING:
    from pathlib import Path

    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

BEN, CHEN = "c1111c00-0000-4000-8000-000000000002", "c1111c00-0000-4000-8000-000000000004"
LICENCE = '{ state = "CA", number = "A-104201", expires = 2031-12-31 },'
KENTUCKY = [
    ("practice.toml", '"IA",', '"IA", "KY",'),
    ("staff.toml", LICENCE, f"{LICENCE} {LICENCE.replace('CA', 'KY')}"),
]
WHY = "I would like to talk about my sleep"


async def clinicians(practice: Practice) -> set[str]:
    """Whose times are offered."""
    return {offer["clinician"] for offer in (await practice.told("/v1/offers", {"reason": WHY}))["offers"]}


async def on_data(practice: Practice, **data: str) -> None:
    """Have the practice go on with its own data or other."""
    stack = practice.stack
    stack.variables.update(data)
    await stack.stop("directory")
    await stack.start("directory")
    for name in data:
        del stack.variables[name]


async def test_ac2_only_who_is_licensed_where_the_patient_lives_is_offered(practice: Practice) -> None:
    assert await clinicians(practice) == {AMARA, BEN}
    await practice.take_on(state="CO", time_zone="America/Denver", latitude=39.73, longitude=-104.98)
    assert await clinicians(practice) == {AMARA, CHEN}
    refused = await practice.command("/v1/offers", {"reason": WHY, "clinician": BEN})
    assert refused.json["offers"] == []


async def test_ac2_a_state_opened_by_a_change_of_data_is_offered_and_one_closed_is_refused_at_booking_and_start(
    practice: Practice, tmp_path: Path
) -> None:
    card = {"time_zone": "America/New_York", "latitude": 38.25, "longitude": -85.76, "own_clinician": None}
    await practice.take_on(state="KY", **card)
    assert await clinicians(practice) == set()
    try:
        await on_data(practice, **edited(tmp_path, KENTUCKY))
        assert await clinicians(practice) == {AMARA}
        by_video = {"reason": WHY, "kind": "video"}
        first, second, *_ = (await practice.told("/v1/offers", by_video))["offers"]
        visit = await practice.told("/v1/appointments", {"offer": first["offer"]})
    finally:
        await on_data(practice)
    assert await clinicians(practice) == set()
    refused = await practice.command("/v1/appointments", {"offer": second["offer"]})
    assert (refused.status, refused.code) == (409, "licence-missing")
    await practice.at(datetime.fromisoformat(visit["start"]) - timedelta(minutes=1))
    checked_in = await practice.told("/v1/visits/check-in", {"appointment": visit["appointment"]})
    start = await practice.command("/v1/visits/start", {"visit": checked_in["visit"]}, who="amara-okafor")
    assert start.code == "licence-missing"
