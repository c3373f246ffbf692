"""The pull loop: messages of one durable consumer, asked for ahead of need and re-asked for after any silence.

nats-py's own `fetch` can stall to its timeout and hides the server's statuses, hence a loop of our own.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from nats.errors import BadSubscriptionError, ConnectionClosedError, ConnectionDrainingError
from nats.errors import Error as NatsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

SECOND = 1_000_000_000
HEARTBEAT, REQUEST_ENDED = "100", ("404", "408")
FIRST_BACK_OFF, LONGEST_BACK_OFF = 0.1, 5.0
ENDED = (ConnectionClosedError, ConnectionDrainingError, BadSubscriptionError)


@dataclass(frozen=True)
class Delivery:
    """One message as the stream delivered it; `attempt` counts the times it was delivered to this consumer."""

    nats: Client
    subject: str
    body: bytes
    headers: Mapping[str, str]
    stream_sequence: int
    attempt: int
    reply: str

    async def ack(self) -> None:
        """It is handled. Lost when the connection is: it then comes again, as at any crash before the ack."""
        await self._answer(b"+ACK")

    async def nak(self, delay: float = 0.0) -> None:
        """It is not handled; deliver it again after `delay` seconds."""
        await self._answer(b"-NAK " + json.dumps({"delay": int(delay * SECOND)}).encode())

    async def term(self, reason: str) -> None:
        """Never deliver it again; `reason` is shown to operators and holds nothing of the message."""
        await self._answer(b"+TERM " + reason.encode())

    async def working(self) -> None:
        """It takes longer; start the consumer's ack wait anew."""
        await self._answer(b"+WPI")

    async def _answer(self, words: bytes) -> None:
        try:
            await self.nats.publish(self.reply, words)
        except NatsError:
            return


@dataclass
class Pull:
    """An async context manager and iterator of deliveries; several tasks may call `next` at once.

    `batch` bounds what is asked for and not yet taken; `expires` and `heartbeat` are seconds. A silence of two
    heartbeats, a reconnect or a refusal by the server means asking again, after a pause that doubles to five seconds.
    """

    nats: Client
    stream: str
    consumer: str
    batch: int = 64
    expires: float = 30.0
    heartbeat: float = 2.0
    _arrived: asyncio.Queue[Msg | None] = field(default_factory=asyncio.Queue, init=False)
    _subscription: Subscription | None = field(default=None, init=False)
    _inbox: str = field(default="", init=False)
    _epoch: int = field(default=0, init=False)
    _asked: int = field(default=0, init=False)
    _heard: float = field(default=0.0, init=False)
    _reconnects: int = field(default=0, init=False)
    _back_off: float = field(default=0.0, init=False)
    _not_before: float = field(default=0.0, init=False)
    _stopped: bool = field(default=False, init=False)

    async def __aenter__(self) -> Self:
        self._inbox = self.nats.new_inbox()
        self._subscription = await self.nats.subscribe(f"{self._inbox}.*", cb=self._hear)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        if self._subscription is not None and not self.nats.is_closed:
            await self._subscription.unsubscribe()
        while not self._arrived.empty():
            message = self._arrived.get_nowait()
            delivery = message and self._delivery(message)
            if delivery:
                await delivery.nak()

    def stop(self) -> None:
        """Take no more; every waiting `next` gives None."""
        self._stopped = True
        self._arrived.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Delivery]:
        while (delivery := await self.next()) is not None:
            yield delivery

    async def next(self) -> Delivery | None:
        """The next delivery, or None once stopped; raises nats' ConnectionClosedError when the connection is."""
        while not self._stopped:
            await self._ask()
            try:
                async with asyncio.timeout(self._patience()):
                    message = await self._arrived.get()
            except TimeoutError:
                continue
            if message is None:
                break
            delivery = self._delivery(message)
            if delivery is not None:
                self._back_off = 0.0
                return delivery
            self._status(message)
        self._arrived.put_nowait(None)
        return None

    async def _hear(self, message: Msg) -> None:
        self._heard = self._now()
        if message.reply:
            self._asked = max(0, self._asked - 1)
        self._arrived.put_nowait(message)

    def _delivery(self, message: Msg) -> Delivery | None:
        """The message with its place, or None for a status or anything that is not this consumer's."""
        at = message.reply.split(".")
        if at[:2] != ["$JS", "ACK"] or len(at) < 9:
            return None
        stream, consumer, attempt, stream_sequence = at[2:6] if len(at) == 9 else at[4:8]
        if (stream, consumer) != (self.stream, self.consumer):
            return None
        headers = message.headers or {}
        return Delivery(
            nats=self.nats,
            subject=message.subject,
            body=message.data,
            headers=headers,
            stream_sequence=int(stream_sequence),
            attempt=int(attempt),
            reply=message.reply,
        )

    def _status(self, message: Msg) -> None:
        headers = message.headers or {}
        status = headers.get("Status", "")
        if message.subject != f"{self._inbox}.{self._epoch}" or not status or status == HEARTBEAT:
            return
        if status in REQUEST_ENDED:
            self._asked = max(0, self._asked - int(headers.get("Nats-Pending-Messages", self._asked)))
        else:
            self._start_over(pause=True)

    def _start_over(self, *, pause: bool) -> None:
        """Count nothing as asked for; statuses of earlier requests are heard no more."""
        self._epoch += 1
        self._asked = 0
        if pause:
            self._back_off = min(LONGEST_BACK_OFF, max(FIRST_BACK_OFF, self._back_off * 2))
            self._not_before = self._now() + self._back_off * random.uniform(0.5, 1.0)  # noqa: S311 - jitter

    async def _ask(self) -> None:
        """Ask for more when half of the batch is used up, and anew after a reconnect or a silence."""
        now = self._now()
        reconnects = self.nats.stats["reconnects"]
        silent = self._asked > 0 and now - self._heard > 2 * self.heartbeat
        if silent or reconnects != self._reconnects:
            self._reconnects = reconnects
            self._start_over(pause=False)
        wanted = self.batch - self._asked - self._arrived.qsize()
        if wanted * 2 < self.batch or now < self._not_before:
            return
        request = {
            "batch": wanted,
            "expires": int(self.expires * SECOND),
            "idle_heartbeat": int(self.heartbeat * SECOND),
        }
        if self._asked == 0:
            self._heard = now
        self._asked += wanted
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.stream}.{self.consumer}"
        try:
            await self.nats.publish(subject, json.dumps(request).encode(), reply=f"{self._inbox}.{self._epoch}")
        except ENDED:
            raise
        except NatsError:
            self._start_over(pause=True)

    def _patience(self) -> float:
        """Seconds to wait for a message before looking again at what was asked for."""
        pause = self._not_before - self._now()
        return pause if 0 < pause < self.heartbeat else self.heartbeat

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
