"""Forwarding to real services: what they refuse reaches the app as it was said, and a repeat is answered again."""

import asyncio
import json
import time
from uuid import uuid4

import asyncpg
import pytest

from tests.gateway.conftest import Gateway, Opening

WORDS = "the rash is back and burns at night"


async def thread_of(gateway: Gateway, who: str) -> str:
    opened = await gateway.command("/v1/threads", {"patient": str(gateway.stack.person(who))}, who=who)
    assert opened.status == 200, opened.body
    return str(opened.json["thread"])


async def test_a_person_is_told_who_they_are(opened: Opening) -> None:
    async with opened("directory") as gateway:
        me = await gateway.get("/v1/me", who="maria-lopez")
        assert (me.status, me.headers["Content-Type"]) == (200, "application/json")
        assert (me.json["person"], me.json["roles"]) == (str(gateway.stack.person("maria-lopez")), ["patient"])


async def test_query_values_reach_the_service_in_its_own_types(opened: Opening) -> None:
    async with opened("directory") as gateway:
        found = await gateway.get("/v1/clinicians?state=CA&at=2026-11-21T18:00:00Z")
        assert {one["name"] for one in found.json["clinicians"]} >= {"Amara Okafor", "Ben Whitfield"}
        for wrong, field in (("state=california", "state"), ("at=noon", "at"), ("colour=red", "colour")):
            refused = await gateway.get(f"/v1/clinicians?{wrong}")
            assert (refused.status, refused.code, refused.json["field"]) == (400, "invalid", field)


async def test_a_body_that_does_not_fit_is_refused_with_the_field_at_fault(opened: Opening) -> None:
    thread = str(uuid4())
    unfit: list[tuple[bytes, str | None]] = [
        (b"", None),
        (b"not json", ""),
        (b"\xff\xfe", ""),
        (b"[]", ""),
        (json.dumps({"thread": thread, "text": "x"}).encode()[:-1], ""),
        (json.dumps({"thread": thread, "text": "x", "colour": "red"}).encode(), "colour"),
        (json.dumps({"thread": thread}).encode(), "text"),
        (json.dumps({"thread": thread, "text": 7}).encode(), "text"),
        (json.dumps({"thread": "not an id", "text": "x"}).encode(), "thread"),
        (json.dumps({"thread": thread, "text": ""}).encode(), "text"),
    ]
    async with opened("directory", "messaging") as gateway:
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        for body, field in unfit:
            refused = await gateway.send("POST", "/v1/messages", data=body, headers=headers)
            assert (body, refused.status, refused.code) == (body, 400, "invalid")
            assert field is None or (body, refused.json["field"]) == (body, field)


async def test_a_command_sent_again_is_answered_again_and_another_under_its_key_is_refused(opened: Opening) -> None:
    async with opened("directory", "messaging") as gateway:
        thread = await thread_of(gateway, "maria-lopez")
        message = {"thread": thread, "text": WORDS}
        first = await gateway.command("/v1/messages", message, key="once")
        assert first.status == 200
        again = await asyncio.gather(*(gateway.command("/v1/messages", message, key="once") for _ in range(5)))
        assert {answer.body for answer in again} == {first.body}
        other = await gateway.command("/v1/messages", {"thread": thread, "text": "other"}, key="once")
        assert (other.status, other.code) == (422, "idempotency-key-reused")
        page = await gateway.get(f"/v1/threads/{thread}/messages")
        assert [one["text"] for one in page.json["messages"]] == [WORDS]
        assert WORDS not in first.body.decode()


async def test_another_patients_thread_looks_like_none(opened: Opening) -> None:
    async with opened("directory", "messaging") as gateway:
        thread = await thread_of(gateway, "maria-lopez")
        await gateway.command("/v1/messages", {"thread": thread, "text": WORDS})
        theirs = await gateway.get(f"/v1/threads/{thread}/messages", who="jonas-weber")
        nobodys = await gateway.get(f"/v1/threads/{uuid4()}/messages", who="jonas-weber")
        assert (theirs.status, theirs.code) == (404, "no-such-thread")
        assert theirs.body == nobodys.body
        write = await gateway.command("/v1/messages", {"thread": thread, "text": "x"}, who="jonas-weber")
        assert (write.status, write.code) == (404, "no-such-thread")


async def test_a_role_that_does_not_include_it_is_refused(opened: Opening) -> None:
    async with opened("directory", "messaging") as gateway:
        refused = await gateway.get("/v1/follow-ups", who="maria-lopez")
        assert (refused.status, refused.code) == (403, "forbidden")


async def test_a_service_that_hangs_is_given_up_at_the_deadline(opened: Opening) -> None:
    async with opened("directory", "messaging", answer_seconds="0.6") as gateway:
        thread = await thread_of(gateway, "maria-lopez")
        holder = await asyncpg.connect(gateway.stack.servers.postgres.urls("messaging", "messaging_owner")[0])
        async with holder.transaction():
            await holder.execute("LOCK TABLE thread, message IN ACCESS EXCLUSIVE MODE")
            started = time.monotonic()
            refused = await gateway.command("/v1/messages", {"thread": thread, "text": WORDS}, key="slow")
            assert (refused.status, refused.code) == (503, "no-answer")
            assert time.monotonic() - started < 1.5
        await holder.close()
        again = await gateway.command("/v1/messages", {"thread": thread, "text": WORDS}, key="slow")
        assert again.status == 200
        page = await gateway.get(f"/v1/threads/{thread}/messages")
        assert len(page.json["messages"]) == 1


async def test_more_requests_than_fit_are_refused_at_once(opened: Opening) -> None:
    async with opened("directory", "messaging", answer_seconds="0.5", most_in_flight="4") as gateway:
        thread = await thread_of(gateway, "maria-lopez")
        holder = await asyncpg.connect(gateway.stack.servers.postgres.urls("messaging", "messaging_owner")[0])
        async with holder.transaction():
            await holder.execute("LOCK TABLE thread, message IN ACCESS EXCLUSIVE MODE")
            asked = (gateway.get(f"/v1/threads/{thread}/messages") for _ in range(12))
            answers = await asyncio.gather(*asked)
        await holder.close()
        codes = [answer.code for answer in answers]
        assert (codes.count("busy"), codes.count("no-answer")) == (8, 4)
        assert all(answer.headers["Retry-After"] == "1" for answer in answers)


async def test_stopping_finishes_what_is_under_way_and_ends_the_streams(opened: Opening) -> None:
    async with opened("directory", "messaging", answer_seconds="4") as gateway:
        thread = await thread_of(gateway, "maria-lopez")
        holder = await asyncpg.connect(gateway.stack.servers.postgres.urls("messaging", "messaging_owner")[0])
        lock = holder.transaction()
        await lock.start()
        await holder.execute("LOCK TABLE thread, message IN ACCESS EXCLUSIVE MODE")
        url, stream = gateway.url, gateway.http.get(f"{gateway.url}/v1/live", headers=gateway.as_("maria-lopez"))
        async with stream as live:
            under_way = asyncio.create_task(gateway.command("/v1/messages", {"thread": thread, "text": WORDS}))
            while gateway.door.in_flight.now == 0:  # noqa: ASYNC110 - the gateway tells nobody
                await asyncio.sleep(0.01)
            stopping = asyncio.create_task(gateway.stack.stop("gateway"))
            told = await live.text()
            assert told.endswith('event: end\ndata: {"reason":"closing"}\n\n')
            with pytest.raises(OSError, match="Connect"):
                await gateway.http.get(f"{url}/health")
            await lock.rollback()
            assert (await under_way).status == 200
            await stopping
        await holder.close()
