"""Merged answers: a patient's story and who looked, asked of every owner at once, a missing part marked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from services.gateway.body import query_ask
from services.gateway.door import DOOR, answer, signed_in
from services.gateway.last_contact import with_own_clinician
from shared.bus import Reply, refusal_of
from shared.bus.headers import AUTHORIZATION
from shared.errors import Unavailable
from shared.requests import Answer, Operation, booking, directory, handoffs, messaging, pharmacy, visits
from shared.requests.common import ACCESSES, Access, Accesses

if TYPE_CHECKING:
    from aiohttp import web

REFUSED = (404, 403)


@dataclass(frozen=True)
class Part:
    """What one owner gives: under which names its fields stand in the whole."""

    operation: Operation[Any, Any]
    fields: Mapping[str, str]


STORY: tuple[Part, ...] = (
    Part(directory.OWN_CLINICIAN, {"own_clinician": "own_clinician"}),
    Part(booking.APPOINTMENTS, {"appointments": "appointments"}),
    Part(visits.VISITS, {"visits": "visits"}),
    Part(messaging.LAST_CONTACTS, {"contacts": "last_contacts"}),
    Part(messaging.THREADS, {"threads": "threads", "before": "threads_before"}),
    Part(pharmacy.MEDICATIONS, {"medications": "medications"}),
    Part(handoffs.TRAIL, {"open": "open_handoffs", "steps": "trail"}),
)


class Story(Answer, frozen=True, kw_only=True):
    """A patient's story. A part is null where its owner did not answer (`missing`) or does not show it (`withheld`).

    `last_contact` is with the own clinician: a visit, a message or a call; `last_contacts` are everybody's messages and
    calls. `threads_before` is the cursor of the threads' own list for older ones.
    """

    patient: UUID
    own_clinician: directory.StaffName | None
    last_contact: messaging.LastContact | None
    last_contacts: list[messaging.LastContact] | None
    appointments: list[booking.Appointment] | None
    visits: list[visits.Visit] | None
    threads: list[messaging.Thread] | None
    threads_before: str | None
    medications: list[pharmacy.Medication] | None
    open_handoffs: list[handoffs.Handoff] | None
    trail: list[handoffs.TrailStep] | None
    missing: list[str]
    withheld: list[str]


class AllAccesses(Answer, frozen=True, kw_only=True):
    """Who looked, newest first, from every service; those listed in `missing` did not answer."""

    accesses: list[Access]
    missing: list[str]


async def story(request: web.Request) -> web.Response:
    """Merge the story, reading of its parts their first level and who was in contact when."""
    replies = await _ask_all(request, [part.operation for part in STORY])
    whole: dict[str, Any] = dict(request.match_info)
    for part, reply in zip(STORY, replies, strict=True):
        given = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw]) if reply.status == 200 else {}
        whole |= {name: given.get(field) for field, name in part.fields.items()}
    whole["last_contact"] = with_own_clinician(whole)
    return answer(msgspec.json.encode(whole | _gaps([part.operation for part in STORY], replies)))


async def accesses(request: web.Request) -> web.Response:
    """Merge who looked, newest first."""
    operations = list(ACCESSES.values())
    replies = await _ask_all(request, operations)
    given = [msgspec.json.decode(reply.body, type=Accesses) for reply in replies if reply.status == 200]
    merged = sorted((access for one in given for access in one.accesses), key=lambda access: access.at, reverse=True)
    return answer(msgspec.json.encode(AllAccesses(accesses=merged, missing=_gaps(operations, replies)["missing"])))


async def _ask_all(request: web.Request, operations: Sequence[Operation[Any, Any]]) -> list[Reply]:
    """Every owner's reply; raises the first refusal where nobody gave anything, a 404 before all others."""
    door = request.app[DOOR]
    _, token = await signed_in(request)
    ask, headers = query_ask(request), {AUTHORIZATION: f"Bearer {token}"}

    async def one(operation: Operation[Any, Any]) -> Reply:
        try:
            return await door.bus.forward(operation, ask, headers, door.settings.answer_seconds)
        except Unavailable as unavailable:
            return Reply(unavailable.status, b"", unavailable.retry_after)

    replies = await asyncio.gather(*(one(operation) for operation in operations))
    if not any(reply.status == 200 for reply in replies):
        _refuse(replies)
    return replies


def _refuse(replies: Sequence[Reply]) -> None:
    """Raise the refusal that stands for all of them."""
    faults = [reply for reply in replies if reply.status < 500 and reply.status not in REFUSED]
    if not faults and any(reply.status >= 500 for reply in replies):
        raise Unavailable(retry_after=1)
    raise refusal_of((faults or sorted(replies, key=lambda reply: REFUSED.index(reply.status)))[0].body)


def _gaps(operations: Sequence[Operation[Any, Any]], replies: Sequence[Reply]) -> dict[str, list[str]]:
    statuses = [(operation.service, reply.status) for operation, reply in zip(operations, replies, strict=True)]
    return {
        "missing": _each(service for service, status in statuses if status != 200 and status not in REFUSED),
        "withheld": _each(service for service, status in statuses if status in REFUSED),
    }


def _each(services: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(services))
