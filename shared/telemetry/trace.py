"""W3C trace context (traceparent) carried through HTTP, requests and events."""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current_traceparent() -> str | None:
    """The traceparent of the work under way, for the next hop's header."""
    return _current.get()


def current_trace_id() -> str | None:
    """The 32 hex digits that name the whole trace."""
    traceparent = _current.get()
    return traceparent[3:35] if traceparent else None


@contextmanager
def following(parent: str | None) -> Iterator[str]:
    """Continue the trace of `parent`, or start one; the span id is new for this hop."""
    match = TRACEPARENT.match(parent or "")
    trace_id = match[1] if match else secrets.token_hex(16)
    flags = match[3] if match else "01"
    token = _current.set(f"00-{trace_id}-{secrets.token_hex(8)}-{flags}")
    try:
        yield trace_id
    finally:
        _current.reset(token)
