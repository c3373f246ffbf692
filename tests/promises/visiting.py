"""What the promises around a visit do again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

BEN = "c1111c00-0000-4000-8000-000000000002"
SAN_FRANCISCO = "0ff1ce00-0000-4000-8000-000000000003"
LAB_TECH = "luis-ortega"
ROOM_TEAMS = {SAN_FRANCISCO: "noor-haddad"}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A visit with Ben in San Francisco, to come."""

    appointment: str
    visit: str
    office: str
    start: datetime
    clinician: str = BEN
    clinician_name: str = "ben-whitfield"


async def booked(practice: Practice, **wanted: Any) -> Visit:
    """Book the best offer with Ben."""
    wish = {"reason": "a rash", "kind": "office", "clinician": BEN, **wanted}
    offer = (await practice.told("/v1/offers", wish))["offers"][0]
    taken = await practice.told("/v1/appointments", {"offer": offer["offer"]})
    listed = (await practice.shown(f"/v1/patients/{practice.patient}/visits"))["visits"]
    visit = next(one["visit"] for one in listed if one["appointment"] == taken["appointment"])
    start = datetime.fromisoformat(taken["start"])
    return Visit(appointment=taken["appointment"], visit=visit, office=taken["office"], start=start)


async def under_way(practice: Practice, visit: Visit) -> None:
    """The patient is with the clinician."""
    await practice.at(visit.start)
    await practice.told("/v1/visits/check-in", {"appointment": visit.appointment})
    await practice.told("/v1/visits/start", {"visit": visit.visit}, visit.clinician_name)


def room_team(office: str) -> str:
    """Somebody of the office's room team."""
    return ROOM_TEAMS[office]
