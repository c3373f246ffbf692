"""What the tests of requests for a person and of contacts share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec

from baton_events.codes import ContactChannel
from deploy.issuer.mint import mint
from shared.bus.call import ask as ask_over
from shared.bus.headers import request_headers
from shared.requests import messaging, people
from shared.requests.people import About, Doing
from tests.support.surroundings import ISSUER

if TYPE_CHECKING:
    from shared.requests import Operation
    from tests.support.stack import Stack

MARIA, JONAS, AISHA, SAMIRA = "maria-lopez", "jonas-weber", "aisha-khan", "samira-khan"
SAM, DANA, BEN, GRACE, FERN = "sam-porter", "dana-reyes", "ben-whitfield", "grace-kim", "fern-dale"
SECRET = "the rash under my arm burns at night"
ALARM = "crushing pain in my chest since an hour ago"


async def wanted(s: Stack, by: str = MARIA, about: About = About.SERVICE, **more: Any) -> people.PersonRequested:
    """Ask for a person, as somebody does who stands somewhere in the app."""
    context = more.pop("context", None) or Doing(place="billing-charges", visit=more.pop("visit", None))
    patient, key = more.pop("patient", s.person(by)), more.pop("key", str(uuid4()))
    ask = people.RequestPerson(patient=patient, about=about, context=context, **more)
    return await s.ask(people.REQUEST_PERSON, ask, as_=by, key=key)


async def join(s: Stack, request: UUID, by: str, key: str = "") -> people.PersonState:
    """Join whoever asked."""
    return await s.ask(people.JOIN_PERSON, people.OfRequest(request=request), as_=by, key=key or str(uuid4()))


async def waiting(s: Stack, by: str, patient: UUID | None = None) -> list[people.PersonRequest]:
    """The requests shown to somebody."""
    found = await s.ask(people.PERSON_REQUESTS, people.AskRequests(patient=patient), as_=by)
    return found.requests


async def told(s: Stack, request: UUID, by: str) -> list[people.Told]:
    """What the request carries."""
    return (await s.ask(people.PERSON_REQUEST, people.OfRequest(request=request), as_=by)).told


async def write(s: Stack, thread: UUID, text: str, by: str, key: str = "") -> messaging.Sent:
    """Write into a thread."""
    return await s.ask(messaging.SEND, messaging.Send(thread=thread, text=text), as_=by, key=key or str(uuid4()))


async def texts(s: Stack, thread: UUID, by: str) -> list[str]:
    """What stands in a thread, newest first."""
    page = await s.ask(messaging.MESSAGES, messaging.ReadMessages(thread=thread), as_=by)
    return [message.text for message in page.messages]


async def logged(s: Stack, by: str = SAM, patient: str = MARIA, **more: Any) -> people.ContactLogged:
    """Write down a call of the patient's that could not be answered."""
    fields: dict[str, Any] = {
        "patient": s.person(patient),
        "channel": ContactChannel.PHONE,
        "origin": "patient",
        "words": SECRET,
        "answered": False,
        **more,
    }
    return await s.ask(people.LOG_CONTACT, people.LogContact(**fields), as_=by)


async def log_of(s: Stack, by: str, patient: str = MARIA, **more: Any) -> people.Contacts:
    """The patient's log as somebody sees it."""
    return await s.ask(people.CONTACTS, people.ReadContacts(patient=s.person(patient), **more), as_=by)


def somebody(s: Stack, role: str, *teams: str) -> str:
    """The token of a member of staff of whom nothing else is known."""
    key, now = s.servers.surroundings.issuer_key, datetime.now(UTC)
    return mint(key, issuer=ISSUER, person=uuid4(), roles=[role], teams=list(teams), now=now, seconds=600.0)


async def raw(s: Stack, op: Operation[Any, Any], body: dict[str, Any], by: str) -> Any:
    """Send a body as it is."""
    bus = await s.bus("gateway")
    headers = request_headers(s.token(by), datetime.now(UTC) + timedelta(seconds=5), str(uuid4()))
    return await ask_over(bus.nats, op, msgspec.json.encode(body), headers, 5)
