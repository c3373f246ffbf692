"""One operation as it is served: who may ask, what is understood, what is answered, within the time there is."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from shared import idempotency, logs
from shared.bus import metrics
from shared.bus.call import NoAnswer
from shared.bus.headers import (
    AUTHORIZATION,
    DEFAULT_SECONDS,
    LONGEST_SECONDS,
    deadline_seconds,
    idempotency_key,
    moment,
)
from shared.call import Call
from shared.database import DatabaseUnavailable
from shared.errors import Forbidden, Internal, Invalid, Refusal, TooLarge
from shared.identity.people import Person
from shared.identity.tokens import bearer
from shared.telemetry import trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nats.aio.msg import Msg

    from shared.app import Ground, Handler
    from shared.bus import Bus
    from shared.identity.people import Caller
    from shared.requests import Operation

FAILED = logs.event("request.failed", "operation")
NOT_KEPT = logs.event("command.not-kept", "operation")
TOO_LARGE = logs.event("answer.too-large", "operation", "size")

FIELD = re.compile(r" - at `\$\.?([\w.\[\]-]*)`$", re.ASCII)
SIZES = (("length <=", "too long"), ("length >=", "too short"), (" <=", "too large"), (" >=", "too small"))
NAMED = re.compile(r"^Object (missing required|contains unknown) field `([A-Za-z_]\w{0,63})`", re.ASCII)


class Expired(Exception):
    """The deadline passed before the work was started; nobody waits for an answer."""


@dataclass
class Stats:
    """What NATS' services protocol tells of one operation."""

    requests: int = 0
    errors: int = 0
    last_error: str = ""
    nanoseconds: int = 0


class Endpoint:
    """An operation with its handler, ready to answer."""

    def __init__(self, bus: Bus, ground: Ground, op: Operation[Any, Any], handler: Handler) -> None:
        self.operation = op
        self.stats = Stats()
        self._bus = bus
        self._ground = ground
        self._handler = handler
        self._decoder = msgspec.json.Decoder(op.takes, strict=op.command)
        self._encoder = msgspec.json.Encoder()
        self._seconds = metrics.SECONDS.labels(op.subject)
        self._answered = metrics.REQUESTS.labels(op.subject, "ok")

    async def answer(self, message: Msg) -> bytes | Refusal | None:
        """The encoded answer, or the refusal to answer instead, or None where the deadline has passed."""
        started = time.perf_counter_ns()
        headers = message.headers or {}
        with trace.following(headers.get("traceparent")):
            answer = await self._answer_or_refusal(message.data, headers)
        self._count(answer, time.perf_counter_ns() - started)
        return answer

    def refused(self, refusal: Refusal) -> None:
        """Count a request that was refused before it came here."""
        self._count(refusal, 0)

    async def _answer_or_refusal(self, body: bytes, headers: Mapping[str, str]) -> bytes | Refusal | None:
        try:
            return await self._in_time(body, headers)
        except Expired:
            return None
        except Refusal as refusal:
            return refusal
        except Exception as error:  # noqa: BLE001 - whatever went wrong, its words stay in the process
            FAILED.error(error=error, operation=self.operation.subject)
            return Internal()

    async def _in_time(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        now = self._bus.clock().timestamp()
        until = deadline_seconds(headers)
        if until <= now:
            raise Expired
        until = min(until, now + (LONGEST_SECONDS if until != float("inf") else DEFAULT_SECONDS))
        limit = asyncio.timeout(until - now)
        try:
            async with limit:
                return await self._admit_and_do(body, headers, until)
        except TimeoutError as error:
            if limit.expired():
                raise NoAnswer(retry_after=1) from error
            raise

    async def _admit_and_do(self, body: bytes, headers: Mapping[str, str], until: float) -> bytes:
        op = self.operation
        token = bearer(headers.get(AUTHORIZATION))
        caller = await self._bus.verifier.caller(token)
        if not admitted(op, caller):
            raise Forbidden
        if len(body) > op.largest:
            raise TooLarge
        call = Call(
            operation=op,
            caller=caller,
            token=token,
            now=self._ground.clock(),
            deadline=moment(until),
        )
        if not op.command:
            return await self._handled(call, self._decoded(body))
        call.key = idempotency_key(headers)
        call.fingerprint = idempotency.fingerprint(self._bus.secret, body)
        return await self._done_once(call, self._decoded(body))

    def _decoded(self, body: bytes) -> Any:
        try:
            return self._decoder.decode(body or b"{}")
        except msgspec.ValidationError as error:
            field, wrong = fault(str(error))
            raise Invalid(field=field, problem=wrong) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Invalid(field="", problem="not JSON") from None

    async def _done_once(self, call: Call, ask: Any) -> bytes:
        """Do the command, or give the answer given before under its key when it breaks on having been done."""
        try:
            return await self._handled(call, ask)
        except DatabaseUnavailable:
            raise
        except Exception as error:
            before = await idempotency.done_before(self._ground.db, call)
            if before is not None:
                return before
            if isinstance(error, idempotency.Raced):
                raise NoAnswer(retry_after=1) from error
            raise

    async def _handled(self, call: Call, ask: Any) -> bytes:
        answer = await self._handler(self._ground, call, ask)
        if not isinstance(answer, self.operation.gives):
            raise TypeError
        if self.operation.command and not call.kept:
            NOT_KEPT.error(operation=self.operation.subject)
        encoded = self._encoder.encode(answer)
        if len(encoded) > self._bus.nats.max_payload:
            TOO_LARGE.error(operation=self.operation.subject, size=len(encoded))
            raise Internal
        return encoded

    def _count(self, answer: bytes | Refusal | None, nanoseconds: int) -> None:
        stats = self.stats
        stats.requests += 1
        stats.nanoseconds += nanoseconds
        if answer is None:
            metrics.EXPIRED.labels(self.operation.subject).inc()
            return
        self._seconds.observe(nanoseconds / 1e9)
        if isinstance(answer, Refusal):
            stats.errors += 1
            stats.last_error = f"{answer.status}:{answer.code}"
            metrics.REQUESTS.labels(self.operation.subject, answer.code).inc()
        else:
            self._answered.inc()


def admitted(op: Operation[Any, Any], caller: Caller) -> bool:
    """Whether the operation's declaration lets this caller knock."""
    if isinstance(caller, Person):
        return not op.roles.isdisjoint(caller.roles)
    return caller.name in op.services


def fault(words: str) -> tuple[str, str]:
    """Where a request departs from its form: the field's path and what is wrong with it, nothing of its value."""
    at = FIELD.search(words)
    path = at[1] if at else ""
    named = NAMED.match(words)
    if named is None:
        return path, next((told for says, told in SIZES if says in words), "wrong kind of value")
    return f"{path}.{named[2]}".removeprefix("."), "missing" if named[1] == "missing required" else "unknown"
