"""What an operation is: who serves it, what it takes and gives, and who may call it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from shared.identity.people import Role


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request carries; a field it does not know is refused."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a request is answered."""


class Done(Answer, frozen=True, kw_only=True):
    """The answer to a command: ids, states and times only.

    It is stored beside the effect under the Idempotency-Key and given again to a repeat.
    """


Q = TypeVar("Q", bound=Ask)
A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class Operation(Generic[Q, A]):
    """One request that a service answers on `svc.<service>.<name>`.

    A command changes something, needs an Idempotency-Key and gives a `Done`. `roles` are the people who may knock
    (what they may open is decided by the service), `services` the services that may call as themselves,
    `on_behalf` the services that may pass a person's token on.
    """

    service: str
    name: str
    takes: type[Q]
    gives: type[A]
    command: bool = False
    roles: frozenset[Role] = frozenset()
    services: frozenset[str] = frozenset()
    on_behalf: frozenset[str] = frozenset()
    largest: int = field(default=16 * 1024)

    @property
    def subject(self) -> str:
        """The NATS subject it is served on."""
        return f"svc.{self.service}.{self.name}"

    @property
    def callers(self) -> frozenset[str]:
        """Every service that may send this request; people come through the gateway."""
        return self.services | self.on_behalf | (frozenset({"gateway"}) if self.roles else frozenset())


OPERATIONS: dict[str, Operation[Ask, Answer]] = {}


def operation(op: Operation[Q, A]) -> Operation[Q, A]:
    """Register an operation under its subject."""
    OPERATIONS[op.subject] = op  # type: ignore[assignment]
    return op
