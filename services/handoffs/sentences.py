"""The patient's sentences: what a step means for them, with who has the work and by when, in their own time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from services.handoffs.table import ROWS

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from baton_events.codes import HandoffName

TEAMS = {
    "care": "the care team",
    "clinicians-on-call": "the clinician on call",
    "front-desk": "the front desk",
    "lab": "the lab team",
    "ops": "the technical team",
    "pharmacists": "the practice's pharmacist",
    "pharmacy-ops": "the pharmacy team",
    "pharmacy-technicians": "the pharmacy technician",
    "privacy": "the privacy officer",
    "room": "the room team",
    "support": "the support team",
}
START = re.compile(r"(^|[.!?] )([a-z])")


def sentence(name: HandoffName, step: str, *, owner: str, due: datetime, at: datetime, zone: ZoneInfo) -> str:
    """What the patient reads about a step taken at `at`; nothing for work that concerns no patient."""
    says = ROWS[name].says
    if says is None:
        return ""
    text: str = getattr(says, step)
    filled = text.format(owner=who(owner), due=when(due, at, zone), subject=says.subject)
    return START.sub(lambda start: start[1] + start[2].upper(), filled)


def who(owner: str) -> str:
    """An owner in plain words; a person is never named here."""
    kind, name, *_ = owner.split(":")
    return TEAMS[name] if kind == "team" else "your clinician"


def when(due: datetime, at: datetime, zone: ZoneInfo) -> str:
    """A time as the patient's clock shows it, with its day where that is not the day of the step."""
    local, said = due.astimezone(zone), at.astimezone(zone)
    hour = local.strftime("%I:%M %p").lstrip("0")
    return hour if local.date() == said.date() else f"{hour} on {local:%A, %B} {local.day}"
