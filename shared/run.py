"""Running a service: laying its ground, doing its work, and stopping so that nothing begun is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared import background, crash, logs
from shared.audit import Chainer
from shared.clock import system_clock
from shared.deadlines.fire import Firing
from shared.ground import Foundation
from shared.identity.keys import KeyWrong, read_private
from shared.inbox.consume import Inbox
from shared.inbox.dead_letters import Replaying
from shared.inbox.handle import Reactions
from shared.outbox.reconcile import Reconciler
from shared.outbox.relay import Relay
from shared.telemetry.measure import Measure
from shared.telemetry.ops import OpsPort

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from shared.app import App, Ground, Worker
    from shared.bus import Server
    from shared.clock import Clock

FLUSH_SECONDS = 2.0
LEAVE_SECONDS = 10.0

STARTING = logs.event("service.starting", "ops_port")
READY = logs.event("service.ready")
STOPPING = logs.event("service.stopping")
STOPPED = logs.event("service.stopped")
DIED = logs.event("service.died")
WORKER_FAILED = logs.event("worker.failed", "worker", "pause")


class ConnectionGone(Exception):
    """NATS ended the connection for good; the process ends and is started again."""


class Running:
    """One service at work. `start` returns once it is ready; `wait` ends when it has died, with the reason."""

    def __init__(self, app: App, clock: Clock = system_clock) -> None:
        self.app = app
        self.foundation = Foundation(app, clock)
        self.ground: Ground | None = None
        self.ready = False
        self.ops = OpsPort(self._missing, self._measure, app.settings.service)
        self._server: Server | None = None
        self._relay: Relay | None = None
        self._work: list[asyncio.Task[None]] = []
        self._afterwards: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._stop_last = asyncio.Event()
        self._died: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Wait for what the service stands on, then serve and work."""
        settings = self.app.settings
        await self.ops.start(settings.ops_host, settings.ops_port)
        STARTING.info(ops_port=self.ops.port)
        self.ground = ground = await self.foundation.lay(self._connection_gone)
        if settings.keeps_records:
            await self._start_keeping(ground)
        for worker in self.app.workers:
            self._do(_keep_working(worker, ground, self._stop))
        self._server = await ground.bus.serve(ground, self.app.operations)
        self.ready = True
        READY.info()

    @property
    def died(self) -> BaseException | None:
        """What the service died of, if it has."""
        return self._died.exception() if self._died.done() else None

    async def wait(self) -> None:
        """Wait until the service dies of something; raises what it was."""
        await asyncio.shield(self._died)

    async def stop(self) -> None:
        """Take no more requests, finish what was begun, publish what was committed, leave."""
        self.ready = False
        STOPPING.info()
        if self._server is not None:
            await self._server.stop()
        self._stop.set()
        await self._finish(self._work, self.app.settings.drain_seconds)
        if self._relay is not None:
            await self._relay.flush(FLUSH_SECONDS)
        self._stop_last.set()
        await self._finish(self._afterwards, FLUSH_SECONDS)
        await self.foundation.close()
        await self.ops.stop()
        STOPPED.info()

    async def _start_keeping(self, ground: Ground) -> None:
        settings, bus = self.app.settings, ground.bus
        self._relay = Relay(
            ground.db,
            bus.nats,
            bus.js,
            batch=settings.relay_batch,
            poll=settings.relay_poll_seconds,
            duplicate_window=settings.duplicate_window_seconds,
            service=settings.service,
        )
        key = await asyncio.to_thread(_signing_key, settings.service_key_file)
        chainer = Chainer(db=ground.db, service=settings.service, key=key, clock=ground.clock)
        reconciler = Reconciler(ground.db, bus.nats, settings.service, every=settings.reconcile_seconds)
        reactions = Reactions(ground, self.app.reactions)
        self._do(chainer.run(self._stop_last), last=True)
        self._do(self._relay.run(self._stop_last), last=True)
        self._do(reconciler.run(self._stop))
        self._do(Replaying(ground, reactions).run(self._stop))
        if self.app.deadlines:
            firing = Firing(ground, self.app.deadlines, settings.deadline_batch, settings.deadline_poll_seconds)
            self._do(firing.run(self._stop))
        if self.app.reactions:
            inbox = Inbox(
                ground,
                reactions,
                slots=settings.inbox_slots,
                batch=settings.inbox_batch,
                attempts=settings.inbox_attempts,
                put_off=settings.inbox_put_off_seconds,
            )
            self._do(inbox.run(self._stop))

    def _do(self, work: Coroutine[None, None, None], *, last: bool = False) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        (self._afterwards if last else self._work).append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._die(error)

    def _connection_gone(self) -> None:
        if not self._stop.is_set():
            self._die(ConnectionGone())

    def _die(self, error: BaseException) -> None:
        self.ready = False
        if not self._died.done():
            self._died.set_exception(error)
            self._died.exception()

    async def _finish(self, tasks: list[asyncio.Task[None]], seconds: float) -> None:
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _missing(self) -> list[str]:
        if not self.ready or self.ground is None:
            return [self.foundation.missing]
        return await Measure(self.ground).missing()

    async def _measure(self) -> None:
        if self.ground is not None:
            await Measure(self.ground, reacts=bool(self.app.reactions)).measure()


def _signing_key(path: Path) -> Ed25519PrivateKey:
    key = read_private(path).private_key
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyWrong(f"{path.name} holds no Ed25519 key")
    return key


async def _keep_working(worker: Worker, ground: Ground, stop: asyncio.Event) -> None:
    """Run a worker until `stop` is set; one that fails is started again after a pause."""
    pause = background.SHORTEST_PAUSE
    while not stop.is_set():
        try:
            await worker(ground, stop)
        except Exception as error:  # noqa: BLE001 - one fault must not end the work for good
            pause = min(background.LONGEST_PAUSE, pause * 2)
            WORKER_FAILED.error(error=error, worker=getattr(worker, "__name__", type(worker).__name__), pause=pause)
            await background.first(stop.wait(), seconds=background.jittered(pause))
        else:
            return


@asynccontextmanager
async def running(app: App, clock: Clock = system_clock) -> AsyncIterator[Running]:
    """The service at work in this process, for as long as the block lasts."""
    service = Running(app, clock)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


def run(build: Callable[[], App]) -> None:
    """Be the service until told to stop; leave with 1 when it died of something, so that it is started again."""
    app = build()
    logs.configure(app.settings.service)
    crash.arm_from_environment(os.environ)
    sys.exit(uvloop.run(_until_told(app)))


async def _until_told(app: App) -> int:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, told.set)
    service = Running(app)
    living = asyncio.create_task(_live(service))
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait((living, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if living.done():
        DIED.error(error=living.exception())
        return 1
    while not living.done():  # connecting to NATS may swallow a cancellation
        living.cancel()
        await asyncio.wait((living,), timeout=0.2)
    try:
        async with asyncio.timeout(2 * app.settings.drain_seconds + LEAVE_SECONDS):
            await service.stop()
    except TimeoutError as error:
        DIED.error(error=error)
        return 1
    return 0


async def _live(service: Running) -> None:
    await service.start()
    await service.wait()
