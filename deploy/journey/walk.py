"""Who and what the journey is about, carried from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from deploy.journey.app import NotHeld, Person

if TYPE_CHECKING:
    import aiohttp

    from deploy.journey.live import Live

OFFICE = "0ff1ce00-0000-4000-8000-000000000003"
"""San Francisco: where the visit takes place."""

OWN_CLINICIAN = "c1111c00-0000-4000-8000-000000000001"
"""Dr. Okafor of the Oakland office, the patient's own clinician, who is not in this story."""

OWN_PHARMACY = "fa12ac00-0000-4000-8000-000000000001"
"""The patient's own pharmacy, which will turn out to have none."""

REASON = "chest pain since this morning"
PAID_FOR = "Something new today, at the office"
FOLLOW_UP = "How is the chest feeling tonight? I looked at your tracing again and it is reassuring."
ANSWER = "Much better, thank you. The tightness went away after dinner."
LAST_WORD = "Good to hear. Take it slowly tomorrow, and write to me if it comes back."


@dataclass
class Walk:
    """The journey under way."""

    http: aiohttp.ClientSession
    url: str
    password: str
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    offer: dict[str, Any] = field(default_factory=dict)
    live: Live | None = None

    async def person(self, name: str) -> Person:
        """That person, signed in."""
        if name not in self.people:
            self.people[name] = await Person.signed_in(self.http, self.url, name, self.password)
        return self.people[name]

    @property
    def patient(self) -> Person:
        """The patient of this journey."""
        return self.people["patient"]

    @property
    def app(self) -> Live:
        """The patient's open app."""
        assert self.live is not None
        return self.live

    def keep(self, name: str, value: object) -> UUID:
        """Remember an id under a name."""
        self.ids[name] = UUID(str(value))
        return self.ids[name]


def hold(condition: object, otherwise: str) -> None:
    """Go on only when the condition holds; raises NotHeld saying otherwise."""
    if not condition:
        raise NotHeld(otherwise)


BORN = date(1984, 5, 17)
