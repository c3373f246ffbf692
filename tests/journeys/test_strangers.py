"""To whoever may not open it, what is there and what never was are the same, in every operation that names it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec

from baton_events.codes import RelationshipSource
from deploy.issuer.accounts import standing
from shared.errors import Refusal
from shared.identity.people import Role
from shared.requests import OPERATIONS, Ask, Operation, drafts, messaging, people, pharmacy, video
from shared.requests.directory import REGISTER_RELATIONSHIP, RegisterRelationship
from tests.billing.prices import charged
from tests.booking.waiting import give_back, offered, taken, wait_for
from tests.messaging.consulting import begun
from tests.messaging.uploading import uploaded
from tests.pharmacy.playing import playing
from tests.visits.day import planned

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.support.stack import Open, Stack

SERVICES = ("directory", "booking", "visits", "messaging", "pharmacy", "billing", "handoffs")
MARIA, BEN = "maria-lopez", "ben-whitfield"
STRANGERS = {
    "jonas-weber": "a patient whose grant for Maria has ended",
    "aisha-khan": "a proxy of another patient",
    "dana-reyes": "a clinician whose relationship with Maria has lapsed",
    "chen-liu": "a clinician who never met her",
    "noor-haddad": "a nurse of the visit's room team",
    "grace-kim": "a nurse of the care team, which owes her no answer",
    "rosa-martinez": "a nurse of another office",
    "leo-tran": "a lab tech of another office",
    "priya-nair": "a pharmacist",
    "omar-said": "of pharmacy ops",
    "sam-porter": "of support",
    "olive-park": "of ops",
}
FIXED: Mapping[str, Any] = {
    "about": "service",
    "answered": True,
    "answers": {},
    "at": "2027-05-01T12:00:00Z",
    "body": "",
    "channel": "phone",
    "code": "ecg",
    "condition": "urinary-tract-infection",
    "context": {"place": "thread"},
    "diagnosis": "nothing much",
    "dosage": "one a day",
    "follow_up": False,
    "item": 1,
    "media_type": "image/png",
    "medication": "naproxen-500",
    "name": "rash.png",
    "offer": "0ffe1200-0000-4000-8000-000000000001",
    "origin": "patient",
    "owner": "team:ops",
    "part": 1,
    "pharmacy": "fa12ac00-0000-4000-8000-000000000002",
    "plan": "wait and see",
    "quantity": 1,
    "reason": "entered-in-error",
    "refills": 0,
    "revision": 0,
    "score": 3,
    "sequence": 1,
    "size": 10,
    "summary": "all is well",
    "text": "hello",
    "ticket": "AAAA",
    "token": 1,
    "until": "2027-05-01T12:00:00Z",
    "version": 1,
    "words": "hello",
}
"""Values for fields that name nothing of anybody's."""

WRITE_DOWN = ("dana-reyes", "chen-liu", "noor-haddad", "grace-kim", "rosa-martinez", "priya-nair", "omar-said")
THEIR_WORK = {
    ("sam-porter", "svc.billing.void-charge"),
    ("sam-porter", people.JOIN_PERSON.subject),
    ("dana-reyes", video.CONNECT_VIDEO.subject),
    *((who, people.LOG_CONTACT.subject) for who in (*WRITE_DOWN, "sam-porter")),
}
"""Support gives any charge up by its id, and is shown nothing of it; joins who asks for it; and whoever answers the
phone writes down for any patient what was said, without being shown anything; Dana is on call and joins who waits."""


async def history(s: Stack) -> dict[str, UUID]:
    """A visit of Maria's under way with all that comes with it: each thing's id by the field that names it."""
    maria = s.person(MARIA)
    on_call = video.RequestVideo(patient=maria, reason="a rash")
    call = await s.ask(video.REQUEST_VIDEO, on_call, as_=MARIA)
    day = await (await planned(s)).under_way()
    order = await day.order()
    thread = (await s.ask(messaging.OPEN_THREAD, messaging.OpenThread(patient=maria), as_=MARIA)).thread
    file = await uploaded(s, MARIA, thread=thread)
    await s.ask(messaging.SEND, messaging.Send(thread=thread, text="look", attachments=[file]), as_=MARIA)
    for who in (MARIA, BEN):
        sent = await s.ask(messaging.SEND, messaging.Send(thread=thread, text="hello"), as_=who)
    draft = await s.ask(drafts.SAVE_DRAFT, drafts.SaveDraft(thread=thread, text="and"), as_=MARIA)
    prescribe = pharmacy.SignPrescription(patient=maria, medication="naproxen-500", dosage="x", quantity=1, refills=1)
    signed = await s.ask(pharmacy.SIGN, prescribe, as_=BEN)
    lapsed = RegisterRelationship(
        relationship=uuid4(),
        patient=maria,
        clinician=s.person("dana-reyes"),
        source=RelationshipSource.BOOKING,
        lapses_at=s.clock() - timedelta(minutes=1),
    )
    await s.ask(REGISTER_RELATIONSHIP, lapsed, service="booking")
    grant = f"INSERT INTO proxy VALUES ('{maria}', '{s.person('jonas-weber')}', now() - interval '1 day')"  # noqa: S608
    await s.as_owner("directory", grant)
    wait, claim = await waits_with_a_claim(s)
    charge = await charged(s)
    await s.quiet()
    consult = await begun(s)
    doing = people.Doing(place="home")
    wanted = people.RequestPerson(patient=maria, about=people.About.SERVICE, context=doing)
    return {
        "request": (await s.ask(people.REQUEST_PERSON, wanted, as_=MARIA)).request,
        "patient": maria,
        "wait": wait,
        "claim": claim,
        "consult": consult.consult,
        "video": call.video,
        "gap": await s.until(lambda: s.fetchval("visits", "SELECT id FROM gap WHERE patient = $1", maria)),
        "instead_of": consult.consult,
        "appointment": day.booked.appointment,
        "visit": day.visit,
        "order": order,
        "thread": thread,
        "message": sent.message,
        "draft": draft.draft,
        "attachment": file,
        "follow_up_of": day.visit,
        "prescription": signed.prescription,
        "charge": charge,
        "quote": await s.fetchval("billing", "SELECT quote FROM charge WHERE id = $1", charge),
        "handoff": await s.fetchval("handoffs", "SELECT id FROM handoff WHERE name = 'visit.order'"),
    }


async def waits_with_a_claim(s: Stack) -> tuple[UUID, UUID]:
    """Maria waits, and a time that somebody gave back is hers to take."""
    given = await taken(s, 30)
    state = await wait_for(s)
    await give_back(s, given)
    return state.wait, (await offered(s)).claim


def asks(op: Operation[Any, Any], ids: Mapping[str, UUID]) -> list[Ask]:
    """The operation asked about these things, with and without each that may be left out."""
    ids = {**ids, "instead_of": ids["appointment"]} if op.service == "booking" else ids
    fields = msgspec.structs.fields(op.takes)
    if not {field.name for field in fields} & ids.keys():
        return []
    required = {field.name: ids.get(field.name) or FIXED[field.name] for field in fields if field.required}
    optional = [field.name for field in fields if not field.required and field.name in ids]
    wanted = [required, *({**required, name: ids[name]} for name in optional)]
    return [msgspec.convert(values, op.takes) for values in wanted if values.keys() & ids.keys()]


async def told(s: Stack, op: Operation[Any, Any], ask: Ask, who: str) -> object:
    """What somebody is told: the answer, or everything the refusal says."""
    try:
        return await s.ask(op, ask, as_=who)
    except Refusal as refusal:
        return refusal.status, refusal.code, refusal.detail, refusal.members


async def looks(s: Stack, ids: Mapping[str, UUID]) -> AsyncIterator[tuple[str, object, object]]:
    """Every operation that a stranger's role admits: what they are told of her things and of things that never were."""
    invented = {name: uuid4() for name in ids}
    for who in STRANGERS:
        stands = standing(s.servers.surroundings.practice, s.person(who))
        assert stands is not None
        for op in OPERATIONS.values():
            if op.roles.isdisjoint(map(Role, stands.roles)) or (who, op.subject) in THEIR_WORK:
                continue
            for real, never in zip(asks(op, ids), asks(op, invented), strict=True):
                yield f"{who}: {op.subject} {real}", await told(s, op, real, who), await told(s, op, never, who)


async def test_a_stranger_learns_nothing_from_any_operation(stack: Open) -> None:
    async with playing(opened=False) as pharmacies, stack(*SERVICES, variables=pharmacies.variables) as s:
        ids = await history(s)
        count = 0
        async for asked, of_hers, of_nothing in looks(s, ids):
            assert of_hers == of_nothing, asked
            count += 1
        assert count > 100
