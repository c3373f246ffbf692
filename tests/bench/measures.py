"""What is measured, in its order, each load between two takes of the yardstick."""

from __future__ import annotations

import asyncio
import time
from statistics import mean, median
from typing import TYPE_CHECKING

from deploy.journey.walk import Walk
from deploy.prepare import signed_in
from deploy.wires import DEPLOY, STREAM, consumers
from tests.bench.booking import booking
from tests.bench.latency import commit_to_subscriber, quantiles, raw_publish
from tests.bench.load import Sender, load, sender, session
from tests.bench.reading import filled, reading
from tests.bench.subscriber import Counter
from tests.bench.yardstick import yardstick

if TYPE_CHECKING:
    from tests.support.installed import Installed

SENDERS = 64
ROUNDS, SENDS = 6, 60


async def measure(stack: Installed, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
    """Ratios by name, and the absolute figures behind them."""
    ratios: dict[str, float] = {}
    facts: dict[str, float] = {}
    async with session() as http, Counter(stack) as counter:
        walk = Walk(http, stack.url, "baton")
        senders = [await sender(walk) for _ in range(SENDERS)]
        await load(senders, 2.0)
        before = await yardstick(stack.superuser_url, 3.0)
        for n in (16, 64):
            rate = await accepted_and_delivered(counter, senders[:n], seconds)
            after = await yardstick(stack.superuser_url, 3.0)
            ratios[f"messages.{n}"] = rate / mean((before, after))
            facts |= {f"messages.{n}.per_second": round(rate, 1), f"yardstick.{n}": round(mean((before, after)), 1)}
            before = after
        await everything_handled(stack)
        own = quantiles(await commit_to_subscriber(stack, counter, senders[0]))
        raw = quantiles(await raw_publish())
        for name in ("p50", "p99"):
            ratios[f"latency.{name}"] = own[name] / raw[name]
            facts |= {f"latency.{name}.ms": round(own[name] * 1e3, 3), f"raw.{name}.ms": round(raw[name] * 1e3, 3)}
        pair = [await another_thread(sender) for sender in senders[:2]]
        await filled(stack, pair)
        ratios["messages.growth"] = await growth(pair, facts)
        read, seen = await reading(stack, walk, pair)
        ratios |= read
        facts |= seen
        booked, seen = await booking(stack, senders)
        ratios |= booked
        facts |= seen
    return ratios, facts


async def everything_handled(stack: Installed) -> None:
    """Wait until no service has events left to handle from the loads before."""
    async with signed_in(stack.home, stack.nats_url, DEPLOY) as client, asyncio.timeout(120):
        stream = client.jetstream()
        for name in consumers():
            while True:
                consumer = await stream.consumer_info(STREAM, name)
                if not consumer.num_pending and not consumer.num_ack_pending:
                    break
                await asyncio.sleep(0.2)


async def accepted_and_delivered(counter: Counter, senders: list[Sender], seconds: float) -> float:
    """Messages a second, counted when each has been accepted and has reached the subscriber."""
    seen = counter.seen
    started = time.perf_counter()
    accepted, _ = await load(senders, seconds)
    await counter.reach(seen + accepted)
    return accepted / (time.perf_counter() - started)


async def another_thread(one: Sender) -> Sender:
    """The same person with a new thread."""
    opened = await one.person.post("/v1/threads", patient=one.person.id)
    return Sender(one.person, opened["thread"])


async def growth(senders: list[Sender], facts: dict[str, float]) -> float:
    """How much longer the same send takes with 1e5 messages in the thread than with 1e2, taken in turns."""
    few, many = senders
    takes: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(ROUNDS):
        for name, one in (("few", few), ("many", many)):
            for _ in range(SENDS):
                started = time.perf_counter()
                await one.send()
                takes[name].append(time.perf_counter() - started)
    facts |= {f"send.{name}.ms": round(median(values) * 1e3, 3) for name, values in takes.items()}
    return median(takes["many"]) / median(takes["few"])
