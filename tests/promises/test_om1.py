"""OM1: book in two requests: say why, pick one of the offers; same-day first; time, place and clinician by choice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.promises.conftest import AMARA, PACIFIC

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

BEN = "c1111c00-0000-4000-8000-000000000002"
SAN_FRANCISCO = "0ff1ce00-0000-4000-8000-000000000003"
WHY = "a rash on my arm that itches at night"


async def offered(practice: Practice, **wanted: Any) -> list[dict[str, Any]]:
    """What is offered for the reason."""
    return list((await practice.told("/v1/offers", {"reason": WHY, **wanted}))["offers"])


def local(offer: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(offer["local_start"])


async def test_om1_book_in_two_requests(practice: Practice) -> None:
    offers = await offered(practice)
    booked = await practice.told("/v1/appointments", {"offer": offers[0]["offer"]})
    assert 0 < len(offers) <= 12
    for offer in offers:
        assert offer["clinician_name"]
        assert offer["office_name"]
        assert offer["price_cents"] > 0
        assert datetime.fromisoformat(offer["end"]) - datetime.fromisoformat(offer["start"]) == timedelta(
            minutes=offer["minutes"]
        )
        assert local(offer) == datetime.fromisoformat(offer["start"])
        assert offer["why"].endswith(".")
    assert (booked["start"], booked["clinician"]) == (offers[0]["start"], offers[0]["clinician"])
    mine = (await practice.shown(f"/v1/patients/{practice.patient}/appointments"))["appointments"]
    assert [(one["appointment"], one["reason"], one["price_cents"]) for one in mine] == [
        (booked["appointment"], WHY, offers[0]["price_cents"])
    ]
    taken = await practice.command("/v1/appointments", {"offer": offers[0]["offer"]})
    assert (taken.status, taken.code) == (409, "slot-taken")
    assert taken.json["offers"]


async def test_om1_same_day_comes_first_with_the_own_clinician_before_others(practice: Practice) -> None:
    today = practice.stack.clock().astimezone(PACIFIC).date()
    offers = await offered(practice)
    days = [local(offer).date() for offer in offers]
    assert days[0] == today
    assert days == sorted(days)
    assert offers[0]["clinician"] == AMARA
    assert offers[0]["why"].startswith("Today with your own clinician")
    assert {offer["clinician"] for offer in offers} == {AMARA, BEN}


async def test_om1_time_place_clinician_and_kind_can_be_chosen(practice: Practice) -> None:
    assert {offer["office"] for offer in await offered(practice, office=SAN_FRANCISCO)} == {SAN_FRANCISCO}
    assert {offer["clinician"] for offer in await offered(practice, clinician=AMARA)} == {AMARA}
    assert {offer["kind"] for offer in await offered(practice, kind="video")} == {"video"}
    evenings = await offered(practice, after="18:00", before="20:00", days=[2, 4])
    assert evenings
    assert {local(offer).isoweekday() for offer in evenings} <= {2, 4}
    assert {local(offer).hour for offer in evenings} <= {18, 19, 20}
    soonest = practice.stack.clock() + timedelta(days=40)
    far = await offered(practice, earliest=soonest.isoformat())
    assert min(map(local, far)) >= soonest
    wrong = await practice.command("/v1/offers", {"reason": WHY, "days": [8]})
    assert (wrong.status, wrong.json["field"]) == (400, "days[0]")


async def test_om1_what_the_practice_closes_is_not_offered_and_what_it_opens_is(practice: Practice) -> None:
    now = practice.stack.clock()
    closing = {
        "clinician": BEN,
        "office": SAN_FRANCISCO,
        "availability": "closed",
        "start": now.isoformat(),
        "end": (now + timedelta(hours=5)).isoformat(),
        "reason": "at a training",
    }
    closed = await practice.told("/v1/availability/overrides", closing, "fern-dale")
    with_ben = await offered(practice, clinician=BEN)
    assert min(map(local, with_ben)) >= now + timedelta(hours=5)
    office = {"office": SAN_FRANCISCO}
    listed = await practice.get("/v1/availability/overrides", params=office, who="fern-dale")
    assert listed.json["overrides"][0]["override"] == closed["override"]
    await practice.told("/v1/availability/overrides/lift", {"override": closed["override"]}, "ben-whitfield")
    assert min(map(local, await offered(practice, clinician=BEN))) < now + timedelta(hours=1)
    assert (await practice.command("/v1/availability/overrides", closing)).status == 403


async def test_om1_a_reason_that_sounds_like_an_emergency_puts_a_person_in_front_and_still_books(
    practice: Practice,
) -> None:
    found = await practice.told("/v1/offers", {"reason": "crushing chest pain since an hour ago"})
    assert found["emergency"]["call"] == "911"
    person = found["person"]
    asked = await practice.send(
        person["method"], person["path"], json=person["body"], headers={"Idempotency-Key": "a-person-please"}
    )
    assert asked.status == 200
    due = datetime.fromisoformat(asked.json["join_due"])
    assert due - practice.stack.clock() <= timedelta(minutes=person["within_minutes"])
    booked = await practice.told("/v1/appointments", {"offer": found["offers"][0]["offer"]})
    assert booked["status"] == "booked"
    assert (await practice.told("/v1/offers", {"reason": WHY}))["person"] is None
