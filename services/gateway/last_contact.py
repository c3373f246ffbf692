"""The last contact of a patient with their own clinician, of all that their visits, messages and calls tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from shared.requests import directory, messaging
from shared.requests.messaging import LastContact

VISIT = "visit"


class Seen(msgspec.Struct, frozen=True):
    """Who saw the patient, and when that was over."""

    clinician: UUID
    ended_at: datetime | None = None


def with_own_clinician(given: Mapping[str, msgspec.Raw | None]) -> LastContact | None:
    """The latest, from the story's parts; None where there was none, or where a part is missing."""
    own, seen, heard = (given.get(name) for name in ("own_clinician", "visits", "last_contacts"))
    if own is None or seen is None or heard is None:
        return None
    clinician = msgspec.json.decode(own, type=directory.StaffName | None)
    if clinician is None:
        return None
    found = [
        LastContact(person=visit.clinician, how=VISIT, at=visit.ended_at)
        for visit in msgspec.json.decode(seen, type=list[Seen])
        if visit.ended_at is not None
    ]
    found += msgspec.json.decode(heard, type=list[messaging.LastContact])
    return max((one for one in found if one.person == clinician.person), key=lambda one: one.at, default=None)
