import asyncio
import io
from typing import Any

from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from shared.bus import Bus
from shared.identity.people import Role
from shared.requests import directory
from shared.requests.directory import AskMe, Me
from tests.shared.line import Line, told, until
from tests.support.broker import Broker


async def who(_: Any, call: Any, __: AskMe) -> Me:
    return Me(person=call.person.id, name="Maria", roles=[Role.PATIENT], teams=[], time_zone="UTC")


async def raw(bus: Bus, op: Any, body: bytes, headers: dict[str, str]) -> Any:
    return await bus.nats.request(op.subject, body, timeout=2, headers=headers)


async def test_requests_are_worked_on_at_once_and_beyond_the_slots_refused_at_once(line: Line) -> None:
    running: list[asyncio.Event] = []

    async def waits(ground: Any, call: Any, ask: AskMe) -> Me:
        running.append(asyncio.Event())
        await running[-1].wait()
        return await who(ground, call, ask)

    await line.serve({directory.ME: waits}, slots=3)
    gateway = await line.bus("gateway")
    begun = [asyncio.create_task(raw(gateway, directory.ME, b"", line.headers())) for _ in range(3)]
    await until(lambda: len(running) == 3)
    async with asyncio.timeout(0.5):
        message = await raw(gateway, directory.ME, b"", line.headers())
    assert (told(message)["code"], message.headers["Retry-After"]) == ("busy", "1")
    for event in running:
        event.set()
    assert all(answer.headers is None for answer in await asyncio.gather(*begun))
    again = asyncio.create_task(raw(gateway, directory.ME, b"", line.headers()))
    await until(lambda: len(running) == 4)
    running[3].set()
    assert (await again).headers is None


async def test_instances_of_a_service_share_its_requests(line: Line) -> None:
    seen: dict[str, int] = {"first": 0, "second": 0}

    def counting(name: str) -> Any:
        async def count(ground: Any, call: Any, ask: AskMe) -> Me:
            seen[name] += 1
            return await who(ground, call, ask)

        return count

    for name in seen:
        await line.serve({directory.ME: counting(name)})
    gateway = await line.bus("gateway")
    await asyncio.gather(*(raw(gateway, directory.ME, b"", line.headers()) for _ in range(60)))
    assert sum(seen.values()) == 60
    assert min(seen.values()) > 0


async def test_stopping_takes_no_more_and_finishes_what_has_begun(line: Line) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def waits(ground: Any, call: Any, ask: AskMe) -> Me:
        begun.set()
        await go_on.wait()
        return await who(ground, call, ask)

    server = await line.serve({directory.ME: waits})
    gateway = await line.bus("gateway")
    first = asyncio.create_task(raw(gateway, directory.ME, b"", line.headers()))
    await begun.wait()
    stopping = asyncio.create_task(server.stop())

    async def nobody_serves() -> bool:
        try:
            await gateway.nats.request(directory.ME.subject, b"", timeout=0.1)
        except NoRespondersError:
            return True
        except NatsTimeoutError:
            return False
        return False

    async with asyncio.timeout(5):
        while not await nobody_serves():
            pass
    finished, _ = await asyncio.wait({stopping}, timeout=0.2)
    assert not finished
    go_on.set()
    await stopping
    assert (await first).headers is None


async def test_stopping_waits_no_longer_than_the_drain_time(line: Line, lines: io.StringIO) -> None:
    begun = asyncio.Event()

    async def never(*_: Any) -> Any:
        begun.set()
        await asyncio.Event().wait()

    server = await line.serve({directory.ME: never}, drain_seconds=0.2)
    gateway = await line.bus("gateway")
    waiting = asyncio.create_task(raw(gateway, directory.ME, b"", line.headers(seconds=20)))
    await begun.wait()
    async with asyncio.timeout(2):
        await server.stop()
    assert '"event":"requests.cut-short"' in lines.getvalue()
    waiting.cancel()


async def test_stopping_without_a_broker_takes_no_longer_than_the_drain_time(line: Line, nats_server: Broker) -> None:
    bus = await line.bus("directory")
    server = await line.serve({directory.ME: who}, drain_seconds=0.3, bus=bus)
    nats_server.kill()
    try:
        await until(lambda: not bus.nats.is_connected)
        async with asyncio.timeout(2):
            await server.stop()
            await bus.close()
    finally:
        nats_server.start()
    assert line.closed == ["directory"]


async def test_a_service_is_served_again_after_its_broker_was_restarted(line: Line, nats_server: Broker) -> None:
    await line.serve({directory.ME: who})
    gateway = await line.bus("gateway")
    nats_server.kill()
    await until(lambda: not gateway.nats.is_connected)
    nats_server.start()

    async def answered() -> bool:
        try:
            return (await raw(gateway, directory.ME, b"", line.headers())).headers is None
        except NatsError:
            await asyncio.sleep(0.05)
            return False

    async with asyncio.timeout(15):
        while not await answered():
            pass
    assert line.closed == []
