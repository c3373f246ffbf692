"""The subscriber: with ten lines another team has every event, typed, durably, at least once."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from uuid import UUID

import pytest

from baton_events.booking import VideoLeft
from baton_events.subscriber import Received, subscribe
from tests.events.conftest import NAME, PATIENT, Stream, left


async def receive(stream: Stream, count: int) -> list[Received]:
    """The next `count` events, all acknowledged but the last."""
    received = []
    async with aclosing(subscribe(url=stream.broker.url, name=NAME, seed_file=stream.seed_file)) as events:
        async for got in events:
            received.append(got)
            if len(received) == count:
                return received
    raise AssertionError


async def test_events_arrive_typed_and_in_order(stream: Stream) -> None:
    await stream.add_consumer()
    event = left()
    ids = [await stream.publish(event, sequence) for sequence in range(1, 201)]
    received = await receive(stream, 200)
    assert [got.id for got in received] == ids
    assert [got.sequence for got in received] == [got.stream_sequence for got in received] == list(range(1, 201))
    assert all(got.event == event and got.attempt == 1 for got in received)


async def test_a_subscriber_that_comes_back_goes_on_where_it_stopped(stream: Stream) -> None:
    await stream.add_consumer(ack_wait=0.5)
    ids = [await stream.publish(left()) for _ in range(6)]
    first = await receive(stream, 3)
    second = await receive(stream, 4)
    assert [got.id for got in first] == ids[:3]
    assert {got.id for got in second} == set(ids[2:])


async def test_an_event_whose_handling_failed_comes_again(stream: Stream) -> None:
    await stream.add_consumer(ack_wait=0.3)
    event_id = await stream.publish(left())

    async def fail() -> None:
        async with aclosing(subscribe(url=stream.broker.url, name=NAME, seed_file=stream.seed_file)) as events:
            async for _ in events:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    (again,) = await receive(stream, 1)
    assert (again.id, again.attempt) == (event_id, 2)


async def test_what_is_no_event_is_dropped_and_what_is_newer_is_passed_over(
    stream: Stream,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await stream.add_consumer()
    await stream.publish_raw(f"care.booking.v1.video.left.{PATIENT}", b'{"words": "chest pain"}')
    await stream.publish(left())
    known = await stream.keeper.jetstream().get_msg("CARE", 2)
    newer = (known.data or b"").replace(b"video.left", b"video.paused")
    await stream.publish_raw(f"care.booking.v1.video.paused.{PATIENT}", newer)
    await stream.publish(left())
    with caplog.at_level(logging.WARNING, "baton_events"):
        received = await receive(stream, 2)
    assert [got.stream_sequence for got in received] == [2, 4]
    assert "stream sequence 1 is not an event" in caplog.text
    assert "chest pain" not in caplog.text


async def test_a_restarted_broker_and_a_late_consumer_are_waited_out(stream: Stream) -> None:
    wanted: list[UUID] = []
    received: list[UUID] = []

    async def listen() -> None:
        async for got in subscribe(url=stream.broker.url, name=NAME, seed_file=stream.seed_file):
            assert isinstance(got.event, VideoLeft)
            received.append(got.id)

    listening = asyncio.create_task(listen())
    wanted.append(await stream.publish(left()))
    await asyncio.sleep(0.3)
    assert not received
    await stream.add_consumer()
    await _until(lambda: received == wanted)
    stream.broker.kill()
    stream.broker.start()
    async with asyncio.timeout(20):
        while len(wanted) == 1:
            try:
                wanted.append(await stream.publish(left()))
            except Exception:  # noqa: BLE001 - the broker is away
                await asyncio.sleep(0.05)
    await _until(lambda: set(received) == set(wanted))
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.02)
