"""Whose record a stream shows, and for how long it may."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from services.gateway.live.shown import shown_to
from shared.bus import refusal_of
from shared.bus.headers import AUTHORIZATION
from shared.errors import Forbidden, Invalid, NotFound, Refusal
from shared.identity.people import STAFF, Person, Role
from shared.requests.common import OfPatient
from shared.requests.directory import MAY_OPEN, MayOpen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.gateway.door import Door

SIGNED_OUT, NO_ACCESS, CLOSING = "signed-out", "no-access", "closing"


@dataclass(frozen=True)
class Viewer:
    """Who watches: with what token, whose events (nobody's: lists of work only), and which of them."""

    person: Person
    token: str
    patient: UUID | None
    types: frozenset[str]

    @property
    def own(self) -> bool:
        """Whether the record is the viewer's own."""
        return self.patient == self.person.id

    @property
    def owners(self) -> frozenset[str]:
        """The owners whose work the viewer's lists show."""
        return frozenset(self.person.owners) if self.person.roles & STAFF else frozenset()


async def viewer(door: Door, person: Person, token: str, query: Mapping[str, str]) -> Viewer:
    """Who watches whom; raises NotFound where the record does not open to them."""
    patient = _asked_for(person, query)
    types = shown_to(person, own=patient == person.id) if patient else frozenset[str]()
    if patient and not types:
        raise Forbidden
    found = Viewer(person, token, patient, types)
    if patient and not found.own:
        await _require_open(door, found)
    return found


async def over(door: Door, viewer: Viewer) -> str:
    """Wait until the viewer may watch no longer, and give why."""
    while True:
        left = (viewer.person.expires - door.bus.clock()).total_seconds()
        if left <= 0:
            return SIGNED_OUT
        try:
            async with asyncio.timeout(min(left, door.settings.live_check_seconds)):
                await door.draining.wait()
                return CLOSING
        except TimeoutError:
            if viewer.patient and not viewer.own and not await _still_open(door, viewer):
                return NO_ACCESS


def _asked_for(person: Person, query: Mapping[str, str]) -> UUID | None:
    unknown = sorted(query.keys() - {"patient"})
    if unknown:
        raise Invalid(field=unknown[0])
    own = person.id if Role.PATIENT in person.roles else None
    given = query.get("patient")
    if given is None:
        if own is None and not person.roles & STAFF:
            raise Invalid(field="patient")
        return own
    try:
        patient = msgspec.convert(given, UUID)
    except msgspec.ValidationError:
        raise Invalid(field="patient") from None
    if patient == person.id and own is None:
        raise NotFound
    return patient


async def _still_open(door: Door, viewer: Viewer) -> bool:
    try:
        await _require_open(door, viewer)
    except Refusal:
        return False
    return True


async def _require_open(door: Door, viewer: Viewer) -> None:
    """Ask directory on the viewer's behalf; no answer, no access."""
    assert viewer.patient is not None, "lists of work open without a record"
    ask = msgspec.json.encode(OfPatient(patient=viewer.patient))
    headers = {AUTHORIZATION: f"Bearer {viewer.token}"}
    reply = await door.bus.forward(MAY_OPEN, ask, headers, door.settings.answer_seconds)
    if reply.status != 200:
        raise refusal_of(reply.body)
    if msgspec.json.decode(reply.body, type=MayOpen).ground is None:
        raise NotFound
