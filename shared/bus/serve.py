"""Serving requests: as many at once as there are slots, the rest refused at once, none cut short by stopping."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from nats import errors as nats_errors

from shared import logs
from shared.bus import metrics
from shared.bus.discovery import Discovery
from shared.bus.endpoint import Endpoint
from shared.bus.headers import ERROR, ERROR_CODE, RETRY_AFTER
from shared.bus.problems import problem
from shared.errors import Refusal, Unavailable
from shared.settings import SettingsWrong

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

    from shared.app import Ground, Handler
    from shared.bus import Bus
    from shared.requests import Operation

CUT_SHORT = logs.event("requests.cut-short", "count")
UNSENT = logs.event("answer.unsent", "operation")


class Busy(Unavailable):
    """This part of the practice has its hands full. Nothing was done; send the same request again in a moment."""

    code = "busy"


class Server:
    """One service's operations, each on its subject in the service's queue group."""

    def __init__(self, bus: Bus, ground: Ground, operations: Mapping[Operation[Any, Any], Handler]) -> None:
        if not bus.secret and any(op.command for op in operations):
            raise SettingsWrong("BATON_IDEMPOTENCY_SECRET_FILE is missing")
        self._bus = bus
        self._endpoints = [Endpoint(bus, ground, op, handler) for op, handler in operations.items()]
        self._discovery = Discovery(bus, self._endpoints)
        self._free = ground.settings.request_slots
        self._drain_seconds = ground.settings.drain_seconds
        self._subscriptions: list[Subscription] = []
        self._running: set[asyncio.Task[None]] = set()
        self._gauge = metrics.RUNNING.labels(bus.service)

    async def start(self) -> None:
        """Begin to answer; the server knows of every subscription when this returns."""
        for endpoint in self._endpoints:
            take = partial(self._take, endpoint)
            subject = endpoint.operation.subject
            self._subscriptions.append(await self._bus.nats.subscribe(subject, queue=self._bus.service, cb=take))
        self._subscriptions += await self._discovery.start()
        await self._bus.nats.flush()

    async def stop(self) -> None:
        """Take no more requests, finish those begun within the drain time, and cut short what is left."""
        await asyncio.gather(*map(self._unsubscribe, self._subscriptions), return_exceptions=True)
        if self._running:
            _, left = await asyncio.wait(self._running, timeout=self._drain_seconds)
            for task in left:
                task.cancel()
            if left:
                CUT_SHORT.warning(count=len(left))
                await asyncio.wait(left)
        if self._bus.nats.is_connected:
            await self._bus.nats.flush()

    async def _unsubscribe(self, subscription: Subscription) -> None:
        async with asyncio.timeout(self._drain_seconds):
            await subscription.drain()  # type: ignore[no-untyped-call]  # untyped in nats-py

    async def _take(self, endpoint: Endpoint, message: Msg) -> None:
        if not message.reply.startswith("_INBOX"):
            return
        if self._free <= 0:
            refusal = Busy(retry_after=1)
            endpoint.refused(refusal)
            await self._send(endpoint, message, refusal)
            return
        self._free -= 1
        self._gauge.inc()
        task = asyncio.create_task(self._answer(endpoint, message))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free += 1
        self._gauge.dec()

    async def _answer(self, endpoint: Endpoint, message: Msg) -> None:
        answer = await endpoint.answer(message)
        if answer is not None:
            await self._send(endpoint, message, answer)

    async def _send(self, endpoint: Endpoint, message: Msg, answer: bytes | Refusal) -> None:
        try:
            if isinstance(answer, Refusal):
                await self._bus.nats.publish(message.reply, problem(answer), headers=_refusal_headers(answer))
            else:
                await self._bus.nats.publish(message.reply, answer)
        except nats_errors.Error as error:
            UNSENT.warning(error=error, operation=endpoint.operation.subject)


def _refusal_headers(refusal: Refusal) -> dict[str, str]:
    headers = {ERROR_CODE: str(refusal.status), ERROR: refusal.code}
    if refusal.retry_after is not None:
        headers[RETRY_AFTER] = str(refusal.retry_after)
    return headers
