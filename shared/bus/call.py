"""Asking another service: one request, one answer, or the refusal it gave."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from nats import errors as nats_errors

from shared import logs
from shared.bus.headers import ERROR_CODE, RETRY_AFTER
from shared.bus.problems import refusal_of
from shared.errors import Internal, Invalid, TooLarge, Unavailable
from shared.requests import Answer, Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nats.aio.client import Client
    from nats.aio.msg import Msg

A = TypeVar("A", bound=Answer)
MISREAD = logs.event("answer.misread", "operation")

NOT_SENT = (
    nats_errors.OutboundBufferLimitError,
    nats_errors.ConnectionClosedError,
    nats_errors.ConnectionDrainingError,
    nats_errors.ConnectionReconnectingError,
)
HEADER_ROOM = 128


class NoAnswer(Unavailable):
    """No answer came in time. Send the same request again; under the same Idempotency-Key it is not done twice."""

    code = "no-answer"


@dataclass(frozen=True)
class Reply:
    """An answer as it came: 200 with the answer, or the status of a problem document."""

    status: int
    body: bytes
    retry_after: int | None = None


async def ask(nats: Client, op: Operation[Any, A], body: bytes, headers: Mapping[str, str], seconds: float) -> A:
    """The answer, or the refusal that came instead."""
    message = await request(nats, op.subject, body, headers, seconds)
    if message.headers and ERROR_CODE in message.headers:
        raise refusal_of(message.data)
    try:
        answer: A = decoder(op.gives).decode(message.data)
    except msgspec.DecodeError:
        MISREAD.error(operation=op.subject)
        raise Internal from None
    return answer


async def forward(
    nats: Client, op: Operation[Any, Any], body: bytes, headers: Mapping[str, str], seconds: float
) -> Reply:
    """The answer as it came."""
    message = await request(nats, op.subject, body, headers, seconds)
    found = message.headers or {}
    if ERROR_CODE not in found:
        return Reply(200, message.data)
    retry_after = found.get(RETRY_AFTER, "")
    return Reply(int(found[ERROR_CODE]), message.data, int(retry_after) if retry_after.isdigit() else None)


async def request(nats: Client, subject: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Msg:
    """Send and wait; raises Unavailable at once when nobody serves the subject, NoAnswer when time has passed."""
    size = len(body) + HEADER_ROOM
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise Invalid(field=name)
        size += len(name) + len(value) + 4
    # The server ends the connection of whoever sends more, so nothing of the kind leaves the process.
    if size > nats.max_payload:
        raise TooLarge
    if seconds <= 0:
        raise NoAnswer(retry_after=1)
    try:
        return await nats.request(subject, body, timeout=seconds, headers=dict(headers))
    except nats_errors.TimeoutError:
        raise NoAnswer(retry_after=1) from None
    except (nats_errors.NoRespondersError, *NOT_SENT):
        raise Unavailable(retry_after=1) from None


@cache
def decoder(kind: type[A]) -> msgspec.json.Decoder[A]:
    """One decoder for each kind of answer."""
    return msgspec.json.Decoder(kind)
