"""From commit to subscriber, against a raw publish to a JetStream that syncs as carefully."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles as cut
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import nats

from tests.support.processes import free_port

if TYPE_CHECKING:
    from tests.bench.load import Sender
    from tests.bench.subscriber import Counter
    from tests.support.installed import Installed

NATS_SERVER = str(Path(sys.executable).parent / "nats-server")
TIMES = 400
COMMITTED = "SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at FROM message WHERE thread = $1"


def quantiles(values: list[float]) -> dict[str, float]:
    """The median and the 99th percentile."""
    parts = cut(values, n=100, method="inclusive")
    return {"p50": parts[49], "p99": parts[98]}


async def commit_to_subscriber(stack: Installed, counter: Counter, sender: Sender) -> list[float]:
    """Seconds from PostgreSQL's own commit timestamp to the subscriber, one message at a time."""
    seen = counter.seen
    for number in range(TIMES):
        await sender.send()
        await counter.reach(seen + number + 1)
    connection = await asyncpg.connect(stack.database_url("messaging"))
    rows = await connection.fetch(COMMITTED, UUID(sender.thread))
    await connection.close()
    recent = sorted((counter.arrived[row["id"]], row["at"]) for row in rows if row["id"] in counter.arrived)[-TIMES:]
    return [arrived - at for arrived, at in recent]


async def raw_publish() -> list[float]:
    """Seconds from a bare `js.publish` to a pull subscriber on a server of its own with `sync_interval: always`."""
    with tempfile.TemporaryDirectory(prefix="baton-raw-") as folder:
        port = free_port()
        config = Path(folder) / "nats.conf"
        store = json.dumps(folder)
        config.write_text(
            f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: {store}, sync_interval: always }}\n',
            encoding="utf-8",
        )
        server = await asyncio.create_subprocess_exec(NATS_SERVER, "-c", str(config), stderr=asyncio.subprocess.DEVNULL)
        try:
            return await _raw(f"nats://127.0.0.1:{port}")
        finally:
            server.terminate()
            await server.wait()


async def _not_yet(_: Exception) -> None:
    """The server is still starting; the client tries again."""


async def _raw(url: str) -> list[float]:
    connection = await nats.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=_not_yet)
    stream = connection.jetstream()
    await stream.add_stream(name="RAW", subjects=["raw.>"])
    await stream.add_consumer("RAW", durable_name="raw", ack_policy="explicit")
    inbox = connection.new_inbox()
    replies = await connection.subscribe(inbox)
    ask = json.dumps({"batch": TIMES * 2, "expires": 120_000_000_000}).encode()
    await connection.publish("$JS.API.CONSUMER.MSG.NEXT.RAW.raw", ask, reply=inbox)
    body = os.urandom(700)
    took = []
    for _ in range(TIMES):
        started = time.time()
        publishing = asyncio.create_task(stream.publish("raw.one", body))
        await replies.next_msg(timeout=10)
        took.append(time.time() - started)
        await publishing
    await connection.close()
    return took
