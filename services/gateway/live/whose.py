"""Whose record a stream shows, and for how long it may."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from shared.bus import refusal_of
from shared.bus.headers import AUTHORIZATION
from shared.errors import Forbidden, Invalid, NotFound, Refusal
from shared.identity.people import STAFF, Person, Role
from shared.requests.common import OfPatient
from shared.requests.directory import MAY_OPEN, Ground, MayOpen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.gateway.door import Door

WATCHING = frozenset({Role.PATIENT, Role.PROXY, Role.CLINICIAN, Role.NURSE})
SIGNED_OUT, NO_ACCESS, CLOSING = "signed-out", "no-access", "closing"


@dataclass(frozen=True)
class Viewer:
    """Who watches: with what token, whose events (nobody's: lists of work only), and on what ground."""

    person: Person
    token: str
    patient: UUID | None = None
    ground: Ground | None = None

    @property
    def owners(self) -> frozenset[str]:
        """The owners whose work the viewer's lists show."""
        return frozenset(self.person.owners) if self.person.roles & STAFF else frozenset()


async def viewer(door: Door, person: Person, token: str, query: Mapping[str, str]) -> Viewer:
    """Who watches whom; raises NotFound where the record does not open to them."""
    patient = _asked_for(person, query)
    if patient is None:
        return Viewer(person, token)
    if person.roles.isdisjoint(WATCHING):
        raise Forbidden
    ground = await _ground(door, person, token, patient)
    if ground is None:
        raise NotFound
    return Viewer(person, token, patient, ground)


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
            if viewer.patient and not await _still_open(door, viewer, viewer.patient):
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


async def _still_open(door: Door, viewer: Viewer, patient: UUID) -> bool:
    """Whether the record is open on the same ground as before, which is what decides what is shown."""
    try:
        return await _ground(door, viewer.person, viewer.token, patient) is viewer.ground
    except Refusal:
        return False


async def _ground(door: Door, person: Person, token: str, patient: UUID) -> Ground | None:
    """On what ground the record opens, asked of directory on the person's behalf; no answer, no access."""
    if person.id == patient:
        return Ground.SELF
    ask = msgspec.json.encode(OfPatient(patient=patient))
    headers = {AUTHORIZATION: f"Bearer {token}"}
    reply = await door.bus.forward(MAY_OPEN, ask, headers, door.settings.answer_seconds)
    if reply.status != 200:
        raise refusal_of(reply.body)
    return msgspec.json.decode(reply.body, type=MayOpen).ground
