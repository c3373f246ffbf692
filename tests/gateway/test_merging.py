"""Merged answers: the story and who looked, whole when everybody answers, marked where somebody does not."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from baton_events.codes import RelationshipSource
from services.gateway.merging import AllAccesses, Story
from shared.requests.directory import REGISTER_RELATIONSHIP, RegisterRelationship
from tests.gateway.conftest import Gateway, Opening
from tests.gateway.streams import live

OWNERS = ("directory", "booking", "visits", "messaging", "pharmacy", "billing", "handoffs")


async def treats(gateway: Gateway, clinician: str, patient: str) -> UUID:
    """Have the clinician treat the patient for a day, and give the patient's id."""
    stack = gateway.stack
    begin = RegisterRelationship(
        relationship=uuid4(),
        patient=stack.person(patient),
        clinician=stack.person(clinician),
        source=RelationshipSource.BOOKING,
        lapses_at=stack.clock() + timedelta(days=1),
    )
    await stack.ask(REGISTER_RELATIONSHIP, begin, service="booking")
    return stack.person(patient)


async def test_the_story_is_whole_for_whom_the_record_opens_and_nothing_for_others(opened: Opening) -> None:
    async with opened(*OWNERS) as gateway:
        maria = await treats(gateway, "ben-whitfield", "maria-lopez")
        thread = await gateway.command("/v1/threads", {"patient": str(maria)})
        for who in ("maria-lopez", "ben-whitfield"):
            told = await gateway.get(f"/v1/patients/{maria}/story", who=who)
            assert told.status == 200, told.body
            story = msgspec.json.decode(told.body, type=Story)
            assert story.patient == maria
            assert story.threads is not None
            assert [str(one.thread) for one in story.threads] == [thread.json["thread"]]
            assert (story.missing, story.withheld) == ([], [])
            assert None not in (story.appointments, story.visits, story.medications, story.open_handoffs, story.trail)
        stranger = await gateway.get(f"/v1/patients/{maria}/story", who="chen-liu")
        nobody = await gateway.get(f"/v1/patients/{uuid4()}/story", who="chen-liu")
        assert (stranger.status, stranger.code) == (404, "not-found")
        assert stranger.body == nobody.body
        assert (await gateway.get("/v1/patients/x/story")).json["field"] == "patient"
        refused = await gateway.get(f"/v1/patients/{maria}/story", who="sam-porter")
        assert (refused.status, refused.code) == (403, "forbidden")


async def test_a_part_whose_owner_is_away_is_marked_missing(opened: Opening) -> None:
    async with opened(*OWNERS) as gateway:
        maria = gateway.stack.person("maria-lopez")
        await gateway.stack.stop("pharmacy")
        await gateway.stack.crash("handoffs")
        told = await gateway.get(f"/v1/patients/{maria}/story")
        story = json.loads(told.body)
        assert story["missing"] == ["pharmacy", "handoffs"]
        assert (story.pop("threads_before"), story.pop("last_contact")) == (None, None)
        assert story["own_clinician"]["name"] == "Amara Okafor"
        assert [name for name, part in story.items() if part is None] == ["medications", "open_handoffs", "trail"]
        assert story["threads"] == []
        looks = await gateway.get(f"/v1/patients/{maria}/accesses")
        assert looks.json["missing"] == ["pharmacy", "handoffs"]


async def test_who_looked_is_merged_newest_first(opened: Opening) -> None:
    async with opened(*OWNERS) as gateway:
        maria = await treats(gateway, "ben-whitfield", "maria-lopez")
        await gateway.get(f"/v1/patients/{maria}/story", who="ben-whitfield")
        await gateway.get(f"/v1/patients/{maria}/visits", who="ben-whitfield")
        told = await gateway.get(f"/v1/patients/{maria}/accesses")
        accesses = msgspec.json.decode(told.body, type=AllAccesses).accesses
        assert [access.at for access in accesses] == sorted((access.at for access in accesses), reverse=True)
        by_ben = {access.service for access in accesses if access.actor == str(gateway.stack.person("ben-whitfield"))}
        assert by_ben >= {"booking", "visits", "messaging", "pharmacy", "handoffs"}
        others = await gateway.get(f"/v1/patients/{maria}/accesses", who="jonas-weber")
        assert (others.status, others.code) == (404, "not-found")


async def test_a_clinician_follows_a_patient_live_for_as_long_as_the_record_opens(opened: Opening) -> None:
    async with opened("directory", "messaging", live_check_seconds="0.2") as gateway:
        maria = gateway.stack.person("maria-lopez")
        query = f"?patient={maria}"
        refused = await gateway.get(f"/v1/live{query}", who="ben-whitfield")
        assert (refused.status, refused.code) == (404, "not-found")
        await treats(gateway, "ben-whitfield", "maria-lopez")
        async with live(gateway, "ben-whitfield", query=query) as reader:
            thread = await gateway.command("/v1/threads", {"patient": str(maria)})
            told = await reader.next()
            assert told.data["type"] == "care.messaging.v1.thread.opened"
            assert told.data["subject"] == thread.json["thread"]
            gateway.stack.clock.advance(timedelta(days=2))
            assert (await reader.next("end")).data == {"reason": "no-access"}


async def test_no_answer_on_access_ends_a_clinicians_stream(opened: Opening) -> None:
    async with opened("directory", live_check_seconds="0.2") as gateway:
        maria = await treats(gateway, "ben-whitfield", "maria-lopez")
        async with live(gateway, "ben-whitfield", query=f"?patient={maria}") as reader:
            await gateway.stack.stop("directory")
            assert (await reader.next("end")).data == {"reason": "no-access"}


async def test_the_story_says_who_the_own_clinician_is_and_when_they_were_last_in_contact(opened: Opening) -> None:
    async with opened(*OWNERS) as gateway:
        clock, maria = gateway.stack.clock, gateway.stack.person("maria-lopez")
        amara, ben = (str(gateway.stack.person(name)) for name in ("amara-okafor", "ben-whitfield"))

        async def story(who: str = "ben-whitfield") -> dict[str, Any]:
            told = await gateway.get(f"/v1/patients/{maria}/story", who=who)
            assert told.status == 200, told.body
            return dict(told.json)

        async def last() -> tuple[str, str] | None:
            found = (await story())["last_contact"]
            return found and (found["person"], found["how"])

        async def command(path: str, body: dict[str, Any], who: str) -> dict[str, Any]:
            clock.advance(timedelta(minutes=1))
            done = await gateway.command(path, body, who=who)
            assert done.status == 200, done.body
            return dict(done.json)

        await treats(gateway, "ben-whitfield", "maria-lopez")
        own = (await story())["own_clinician"]
        assert (own["person"], own["name"], own["credential"]) == (amara, "Amara Okafor", "MD")
        assert await last() is None
        await seen_by(gateway, "amara-okafor", own["person"])
        assert await last() == (amara, "visit")
        thread = (await command("/v1/threads", {"patient": str(maria)}, "maria-lopez"))["thread"]
        await command("/v1/messages", {"thread": thread, "text": "how is it today?"}, "ben-whitfield")
        assert await last() == (amara, "visit"), "another clinician's words are no contact with her own"
        await command("/v1/messages", {"thread": thread, "text": "and the knee?"}, "amara-okafor")
        assert await last() == (amara, "message")
        call = {"patient": str(maria), "channel": "phone", "origin": "staff", "words": "all well", "answered": True}
        await command("/v1/contacts", call, "amara-okafor")
        whole = await story("maria-lopez")
        assert whole["last_contact"]["how"] == "phone"
        everybody = [(one["person"], one["how"]) for one in whole["last_contacts"]]
        assert everybody == [(amara, "phone"), (amara, "message"), (ben, "message")]
        for path in ("own-clinician", "last-contacts"):
            stranger = await gateway.get(f"/v1/patients/{maria}/{path}", who="chen-liu")
            assert stranger.status == 404
        await gateway.stack.stop("messaging")
        without = await story("maria-lopez")
        assert (without["missing"], without["last_contact"]) == (["messaging"], None)
        assert without["own_clinician"] == own


async def seen_by(gateway: Gateway, clinician: str, person: str) -> None:
    """Maria's visit with the clinician, from its booking to its end."""
    offers = await gateway.command("/v1/offers", {"reason": "a rash", "clinician": person})
    offer = offers.json["offers"][0]
    booked = await gateway.command("/v1/appointments", {"offer": offer["offer"]})
    gateway.stack.clock.set(datetime.fromisoformat(offer["start"]))
    await gateway.stack.quiet(10)
    state = await gateway.command("/v1/visits/check-in", {"appointment": booked.json["appointment"]})
    visit = {"visit": state.json["visit"]}
    for path, body in (("start", visit), ("end", {**visit, "follow_up": False})):
        done = await gateway.command(f"/v1/visits/{path}", body, who=clinician)
        assert done.status == 200, done.body
