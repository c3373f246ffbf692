"""A patient about whom every service knows something, and what anybody is told when they ask for it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec

from deploy.issuer.accounts import standing
from shared.errors import Refusal
from shared.identity.people import Role
from shared.requests import OPERATIONS, Ask, Operation, messaging, pharmacy
from tests.visits.day import planned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.stack import Stack

MARIA, BEN, PETRA = "maria-lopez", "ben-whitfield", "petra-voss"
WORDS = "it hurts behind my left knee"
GUESSES: tuple[Any, ...] = (
    1,
    "2027-05-01T12:00:00Z",
    "care",
    "team:ops",
    "yes",
    "one a day",
    "image/png",
    "patient",
    "photo.png",
    [],
    {"place": "home"},
    True,
    str(UUID(int=7)),
)
"""Values for fields that name nothing of hers: the first that fits the field's type."""


async def history(s: Stack) -> dict[str, UUID]:
    """A visit of Maria's under way, a thread and a prescription: each thing's id by the field that names it."""
    maria = s.person(MARIA)
    day = await (await planned(s)).under_way()
    order = await day.order()
    thread = (await s.ask(messaging.OPEN_THREAD, messaging.OpenThread(patient=maria), as_=MARIA)).thread
    sent = [await s.ask(messaging.SEND, messaging.Send(thread=thread, text=WORDS), as_=who) for who in (MARIA, BEN)]
    prescribe = pharmacy.SignPrescription(patient=maria, medication="naproxen-500", dosage="x", quantity=1, refills=1)
    signed = await s.ask(pharmacy.SIGN, prescribe, as_=BEN)
    await s.quiet()
    return {
        "patient": maria,
        "appointment": day.booked.appointment,
        "visit": day.visit,
        "order": order,
        "thread": thread,
        "message": sent[0].message,
        "prescription": signed.prescription,
        "handoff": await s.fetchval("handoffs", "SELECT id FROM handoff WHERE name = 'visit.order'"),
    }


def questions(who_roles: frozenset[Role], ids: Mapping[str, UUID]) -> Iterator[tuple[Operation[Any, Any], Ask]]:
    """Every operation these roles may ask that names something of hers, asked about it."""
    for op in OPERATIONS.values():
        fields = msgspec.structs.fields(op.takes)
        if op.roles.isdisjoint(who_roles) or not {field.name for field in fields} & ids.keys():
            continue
        needed = {field.name: ids.get(field.name) or _guess(field) for field in fields if field.required}
        optional = [field.name for field in fields if not field.required and field.name in ids]
        for values in (needed, *({**needed, name: ids[name]} for name in optional)):
            if values.keys() & ids.keys():
                yield op, msgspec.convert(values, op.takes)


def roles_of(s: Stack, who: str) -> frozenset[Role]:
    """The roles somebody signs in with."""
    found = standing(s.servers.surroundings.practice, s.person(who))
    assert found is not None
    return frozenset(map(Role, found.roles))


async def told(s: Stack, op: Operation[Any, Any], ask: Ask, who: str) -> object:
    """The answer, or the status of the refusal."""
    try:
        return await s.ask(op, ask, as_=who, key=str(uuid4()) if op.command else "")
    except Refusal as refusal:
        return refusal.status


def _guess(field: msgspec.structs.FieldInfo) -> object:
    if isinstance(field.type, type) and issubclass(field.type, Enum):
        return next(iter(field.type))
    for value in GUESSES:
        try:
            msgspec.convert(value, field.type)
        except msgspec.ValidationError:
            continue
        return value
    raise AssertionError(f"nothing fits {field.name}")
