"""What must be true of an installation after any crash: every event out once, in once, every effect once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from deploy.prepare import signed_in
from deploy.wires import KEEPERS, OPS, consumed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nats.aio.client import Client

    from tests.support.installed import Installed

SETTLE_SECONDS = 60.0
DIRECT_GET = "$JS.API.DIRECT.GET.CARE"


async def stream_of(installed: Installed) -> list[tuple[int, str, UUID]]:
    """Every event in the stream: its place, its type and its id."""
    async with signed_in(installed.home, installed.nats_url, OPS) as client:
        found: list[tuple[int, str, UUID]] = []
        while page := await _page(client, found[-1][0] + 1 if found else 1):
            found += page
        return found


async def _page(client: Client, start: int) -> list[tuple[int, str, UUID]]:
    inbox = f"_INBOX_{OPS}.{uuid4().hex}"
    replies = await client.subscribe(inbox)
    ask = json.dumps({"seq": start, "next_by_subj": "care.>", "batch": 500}).encode()
    await client.publish(DIRECT_GET, ask, reply=inbox)
    page: list[tuple[int, str, UUID]] = []
    while True:
        message = await replies.next_msg(timeout=10)
        headers = message.headers or {}
        if "Nats-Sequence" not in headers:
            break
        kind = headers["Nats-Subject"].rpartition(".")[0]
        page.append((int(headers["Nats-Sequence"]), kind, UUID(headers["Nats-Msg-Id"])))
    await replies.unsubscribe()
    return page


async def until(found: Callable[[], Awaitable[str]]) -> None:
    """Wait until nothing is found wrong; fails with what is still wrong when the time is over."""
    end = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while wrong := await found():
        assert asyncio.get_running_loop().time() < end, wrong
        await asyncio.sleep(0.2)


async def everything_out_once_and_in_once(installed: Installed) -> None:
    """Committed events are in the stream, once each, and handled once each by whoever reacts to them."""

    async def wrong() -> str:
        stream = await stream_of(installed)
        problems = [f"{n} times in the stream: {id_}" for id_, n in Counter(i for _, _, i in stream).items() if n > 1]
        places = {id_: place for place, _, id_ in stream}
        known: set[UUID] = set()
        for service in KEEPERS:
            connection = await installed.connect(service)
            for row in await connection.fetch("SELECT event, stream_sequence FROM outbox"):
                known.add(row["event"])
                if places.get(row["event"]) != row["stream_sequence"]:
                    problems.append(f"{service}: committed, not in the stream where it says: {row['event']}")
            kinds = {subject.removesuffix(".*") for subject in consumed(service)}
            owed = {id_ for _, kind, id_ in stream if kind in kinds}
            handled = {row["event"] for row in await connection.fetch("SELECT event FROM inbox")}
            problems += [f"{service}: not handled: {id_}" for id_ in owed - handled]
            problems += [f"{service}: handled what is not its own: {id_}" for id_ in handled - owed]
            dead = await connection.fetchval("SELECT count(*) FROM dead_letter")
            if dead:
                problems.append(f"{service}: {dead} dead letters")
            await connection.close()
        problems += [f"in the stream, committed nowhere: {id_}" for id_ in set(places) - known]
        return "\n".join(problems[:20])

    await until(wrong)


ONCE = {
    "billing": ("SELECT count(*) FROM charge WHERE voided_at IS NULL", 1),
    "booking": ("SELECT count(*) FROM appointment", 1),
    "messaging": ("SELECT count(*) FROM message", 3),
    "visits": ("SELECT count(*) FROM visit", 1),
}


async def every_effect_once(installed: Installed, journeys: int) -> None:
    """So many journeys left so many rows, and no more."""
    for service, (query, each) in ONCE.items():
        connection = await installed.connect(service)
        found = await connection.fetchval(query)
        await connection.close()
        assert found == each * journeys, f"{service}: {query} gives {found} after {journeys} journeys"
