"""A message reaches the other side's open app, through kills and reconnects; and so does who is writing, in passing."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from baton_events.codes import Party
from services.gateway.live.listener import MOST_WRITING, Listener
from services.gateway.live.shown import shows_writing
from shared.passing import SomebodyWrites, writing_subject
from shared.requests.directory import Ground
from tests.gateway.streams import live
from tests.messaging.test_threads import BEN, MARIA, treats

if TYPE_CHECKING:
    from tests.gateway.conftest import Gateway, Opening


async def thread_of(gateway: Gateway) -> str:
    await treats(gateway.stack, BEN, MARIA)
    opened = await gateway.command("/v1/threads", {"patient": str(gateway.stack.person(MARIA))})
    return str(opened.json["thread"])


async def send(gateway: Gateway, thread: str, text: str, who: str = MARIA) -> int:
    """Send until it is accepted, under one key."""
    key = str(uuid4())
    async with asyncio.timeout(20):
        while True:
            running = gateway.stack.services.get("gateway")
            if running is not None and running.ready:
                with suppress(OSError, aiohttp.ClientError):
                    sent = await gateway.command("/v1/messages", {"thread": thread, "text": text}, key=key, who=who)
                    if sent.status == 200:
                        return int(sent.json["sequence"])
            await asyncio.sleep(0.05)


async def kill(gateway: Gateway) -> None:
    """End the gateway as a kill would, with every connection to it, and start it again."""
    runner = gateway.ground.runner
    assert runner.server is not None
    for connection in runner.server.connections:
        if connection.transport is not None:
            connection.transport.abort()
    for site in runner.sites:
        assert site._server is not None
        site._server.close()
    await gateway.stack.restart("gateway")


def numbers(told: Any) -> list[int]:
    """The places in their thread of the messages that were told of, and nothing else."""
    return [one.data["data"]["thread_sequence"] for one in told if one.data["type"].endswith("message.sent")]


async def test_messages_reach_the_other_sides_app_each_once_through_kills_of_the_gateway(opened: Opening) -> None:
    async with opened("directory", "messaging") as gateway:
        thread = await thread_of(gateway)
        query = f"?patient={gateway.stack.person(MARIA)}"
        async with live(gateway, BEN, query=query) as reader:
            last = reader.last
        expected = 40

        async def write() -> None:
            for number in range(expected):
                await send(gateway, thread, f"number {number}", (MARIA, BEN)[number % 2])

        writing = asyncio.create_task(write())
        told: list[Any] = []
        for _ in range(4):
            async with live(gateway, BEN, query=query, last=last) as reader:
                seen = [await reader.next() for _ in range(5)]
                told += seen
                last = seen[-1].id
                await kill(gateway)
        async with live(gateway, BEN, query=query, last=last) as reader:
            while len(numbers(told)) < expected:
                told.append(await reader.next())
            await writing
            assert await reader.nothing_more()
        assert numbers(told) == list(range(1, expected + 1))
        assert len({one.id for one in told}) == len(told)


async def test_the_other_side_sees_who_is_writing_and_resumes_as_if_it_had_not(opened: Opening) -> None:
    async with opened("directory", "messaging") as gateway:
        thread = await thread_of(gateway)
        maria, ben = (str(gateway.stack.person(who)) for who in (MARIA, BEN))
        query = f"?patient={maria}"
        async with (
            live(gateway, BEN, query=query) as his,
            live(gateway, MARIA) as hers,
            live(gateway, MARIA) as her_other,
            live(gateway, "noor-haddad") as stranger,
        ):
            answer = await gateway.send("POST", "/v1/threads/writing", json={"thread": thread})
            assert set(answer.json) == {"again_at"}
            before = his.last
            told = await his.next("writing")
            assert (told.id, told.data) == (None, {"thread": thread, "person": maria, "party": "patient"})
            assert his.last == before
            await gateway.send("POST", "/v1/threads/writing", json={"thread": thread}, who=BEN)
            for reader in (hers, her_other):
                assert (await reader.next("writing")).data == {"thread": thread, "person": ben, "party": "staff"}
            await send(gateway, thread, "hello")
            for reader in (his, hers, her_other):
                await reader.next()
                assert await reader.nothing_more("writing")
            assert "writing" not in stranger.text
        refused = await gateway.send("GET", f"/v1/live{query}", who="jonas-weber")
        assert refused.status == 404


async def test_what_is_no_word_of_writing_is_passed_over(gateway: Gateway) -> None:
    maria = gateway.stack.person(MARIA)
    client = gateway.stack.stream.client
    async with live(gateway) as reader:
        for body in (b"", b"{}", b"[1]", b'{"thread":"x"}', b'{"thread":1,"text":"secret"}'):
            await client.publish(writing_subject(maria), body)
        await client.publish(f"{writing_subject(maria)}", b"\xff")
        said = f'{{"thread":"{uuid4()}","person":"{uuid4()}","party":"staff"}}'
        await client.publish(writing_subject(maria), said.encode())
        assert (await reader.next("writing")).data["party"] == "staff"
        assert "secret" not in reader.text


@pytest.mark.parametrize("ground", Ground)
@pytest.mark.parametrize("party", Party)
def test_only_the_other_side_sees_who_is_writing(ground: Ground, party: Party) -> None:
    viewer, writer = uuid4(), uuid4()
    said = SomebodyWrites(thread=uuid4(), person=writer, party=party)
    across = Party.PATIENT if ground is Ground.TREATMENT else Party.STAFF
    assert shows_writing(said, viewer, ground) == (party is across)
    assert not shows_writing(said, writer, ground)


def test_a_listener_keeps_the_newest_word_of_a_few_who_write() -> None:
    listener = Listener(uuid4(), frozenset())
    people = [uuid4() for _ in range(MOST_WRITING * 2)]
    newest: dict[UUID, SomebodyWrites] = {}
    for person in people * 2:
        said = SomebodyWrites(thread=uuid4(), person=person, party=Party.STAFF)
        listener.somebody_writes(said)
        newest[person] = said
    assert listener.writing == {person: newest[person] for person in people[:MOST_WRITING]}
