"""Shapes that several services' requests share."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from shared.identity.people import ANYONE, Role
from shared.requests.declare import Answer, Ask, Operation, operation

Words = Annotated[str, Meta(min_length=1, max_length=4000, description="Free text, sealed at rest.")]
ShortWords = Annotated[str, Meta(min_length=1, max_length=300, description="Free text, sealed at rest.")]
Sequence = Annotated[int, Meta(ge=1, le=2**62, description="A place in an order, counted from 1.")]
Cents = Annotated[int, Meta(ge=0, description="US cents.")]
State = Annotated[str, Meta(pattern="^[A-Z]{2}$", max_length=2, description="A US state by its postal code.")]
Moment = Annotated[datetime, Meta(tz=True, description="A time with its offset from UTC.")]
TimeOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", description="Local time, HH:MM.")]
Weekday = Annotated[int, Meta(ge=1, le=7, description="A day of the week by ISO 8601, 1 is Monday.")]
Code = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,63}$", description="A code of the practice's data.")]


class Content(Answer, frozen=True, kw_only=True):
    """A file as its bytes, with its media type and the name to keep it under.

    At most 512 KiB, so that it fits one answer. The app is given the bytes as they are, and no JSON.
    """

    media_type: str
    name: str
    body: bytes


class OfPatient(Ask, frozen=True, kw_only=True):
    """A question about one patient."""

    patient: UUID


class Access(Answer, frozen=True, kw_only=True):
    """One look at, or change of, a patient's record. `actor` is a person's id or `service:<name>`."""

    at: datetime
    actor: str
    action: str
    what: str
    service: str


class Accesses(Answer, frozen=True, kw_only=True):
    """Who looked, newest first."""

    accesses: list[Access]


ACCESSES = {
    service: operation(
        Operation(
            service=service,
            name="accesses",
            takes=OfPatient,
            gives=Accesses,
            roles=frozenset({Role.PATIENT, Role.PROXY, Role.PRIVACY_OFFICER}),
        ),
    )
    for service in ("directory", "booking", "visits", "messaging", "pharmacy", "billing", "handoffs")
}

EVERYBODY = ANYONE
