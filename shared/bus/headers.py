"""The headers that requests and answers carry."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.errors import Invalid
from shared.telemetry import trace

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTHORIZATION = "Authorization"
DEADLINE = "Baton-Deadline"
KEY = "Idempotency-Key"
TRACEPARENT = "traceparent"
ERROR = "Nats-Service-Error"
ERROR_CODE = "Nats-Service-Error-Code"
RETRY_AFTER = "Retry-After"

DEFAULT_SECONDS = 5.0
LONGEST_SECONDS = 60.0
VISIBLE = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)


class KeyMissing(Invalid):
    """A command carries an Idempotency-Key of 1 to 200 visible ASCII characters. Add one and send again."""

    code = "idempotency-key-missing"


def request_headers(token: str, deadline: datetime, key: str) -> dict[str, str]:
    """The headers of a request made with `token`, worth doing until `deadline`."""
    headers = {AUTHORIZATION: f"Bearer {token}", DEADLINE: str(int(deadline.timestamp() * 1000))}
    if key:
        headers[KEY] = key
    return traced(headers)


def traced(headers: dict[str, str]) -> dict[str, str]:
    """The headers with the trace of the work under way, where they carry none."""
    if TRACEPARENT not in headers and (traceparent := trace.current_traceparent()):
        headers[TRACEPARENT] = traceparent
    return headers


def deadline_seconds(headers: Mapping[str, str]) -> float:
    """The moment until which the work is worth starting, in seconds since 1970; infinite where none is given."""
    given = headers.get(DEADLINE)
    if given is None:
        return float("inf")
    if not (given.isascii() and given.isdigit() and len(given) <= 15):
        raise Invalid(field=DEADLINE)
    return int(given) / 1000


def moment(seconds: float) -> datetime:
    """The moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def idempotency_key(headers: Mapping[str, str]) -> str:
    """The command's key; raises KeyMissing."""
    key = headers.get(KEY, "")
    if not VISIBLE.fullmatch(key):
        raise KeyMissing
    return key
