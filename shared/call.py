"""One request as a service sees it: who calls, until when, under which key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from shared.identity.people import Person, ServiceCaller

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from shared.identity.people import Caller
    from shared.requests import Done, Operation


@dataclass
class Call:
    """`now` is when it was received; `token` is the caller's own, to be passed on within this request only."""

    operation: Operation[Any, Any]
    caller: Caller
    token: str
    now: datetime
    deadline: datetime
    key: str = ""
    fingerprint: bytes = b""
    kept: bool = False

    @property
    def person(self) -> Person:
        """The person calling; operations that services may call as themselves look at `caller`."""
        assert isinstance(self.caller, Person), "the operation's declaration admits people only"
        return self.caller

    @property
    def caller_id(self) -> str:
        """The caller as audit and idempotency name it: a person's id, or `service:<name>`."""
        return str(self.caller.id) if isinstance(self.caller, Person) else f"service:{self.caller.name}"

    @property
    def scope(self) -> tuple[str, str, str]:
        """Within which an Idempotency-Key is one: caller, operation, key."""
        return (self.caller_id, self.operation.subject, self.key)

    @property
    def cause(self) -> UUID | None:
        """The event that made a service call, if one did."""
        return self.caller.cause if isinstance(self.caller, ServiceCaller) else None

    def encoded(self, done: Done) -> bytes:
        """The answer as it goes over the wire."""
        return msgspec.json.encode(done)
