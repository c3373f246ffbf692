"""The one table of who may say what to whom over NATS, drawn from the declared operations, events and reactions."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from baton_events import TYPES
from shared.passing import SAID_BY
from shared.requests import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.app import Reaction

STREAM = "CARE"
SERVICES = ("directory", "booking", "visits", "messaging", "pharmacy", "billing", "handoffs", "gateway")
KEEPERS = tuple(service for service in SERVICES if service != "gateway")
DEPLOY = "deploy"
OPS = "ops"


@dataclass(frozen=True, kw_only=True)
class Wire:
    """What one NATS user may publish and subscribe to; whatever is not listed is refused by the server."""

    publishes: tuple[str, ...]
    subscribes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """Another team's durable consumer: its name and the subjects it hears."""

    name: str
    filters: tuple[str, ...] = field(default=("care.>",))


def wires(subscribers: Iterable[Subscriber] = ()) -> dict[str, Wire]:
    """Every NATS user with its wire: the services, deploy, ops, and other teams' subscribers."""
    return {
        **{service: service_wire(service) for service in SERVICES},
        DEPLOY: _deploy_wire(),
        OPS: _ops_wire(),
        **{subscriber.name: _subscriber_wire(subscriber.name) for subscriber in subscribers},
    }


def service_wire(service: str) -> Wire:
    """What the service publishes, asks, answers, consumes and serves, exactly."""
    return Wire(
        publishes=_sorted(
            _events_of(service),
            SAID_BY.get(service, ()),
            _asked_by(service),
            _answered_to(service),
            _consumed_by(service) if service in KEEPERS else (),
            _read_from_stream(),
            _watched_by(service),
            (f"_INBOX_{OPS}.>",),
        ),
        subscribes=_sorted(
            _served_by(service),
            ("live.>",) if service == "gateway" else (),
            _service_protocol(service),
            (f"_INBOX_{service}.>",),
        ),
    )


def consumed(service: str) -> tuple[str, ...]:
    """The subjects that the service's durable consumer hears: those of the events it reacts to."""
    module = importlib.import_module(f"services.{service}.reactions")
    reactions: tuple[Reaction, ...] = module.REACTIONS
    return _sorted(f"{reaction.event.kind.type}.*" for reaction in reactions)


def consumers(subscribers: Iterable[Subscriber] = ()) -> Mapping[str, tuple[str, ...]]:
    """Every durable consumer with the subjects it hears."""
    services = {service: consumed(service) for service in KEEPERS}
    others = {subscriber.name: subscriber.filters for subscriber in subscribers}
    return {name: filters for name, filters in {**services, **others}.items() if filters}


def _events_of(service: str) -> Iterable[str]:
    return (f"{name}.*" for name, event in TYPES.items() if event.kind.service == service)


def _asked_by(service: str) -> Iterable[str]:
    return (subject for subject, operation in OPERATIONS.items() if service in operation.callers)


def _served_by(service: str) -> Iterable[str]:
    return (subject for subject, operation in OPERATIONS.items() if operation.service == service)


def _answered_to(service: str) -> Iterable[str]:
    callers = {
        caller for operation in OPERATIONS.values() if operation.service == service for caller in operation.callers
    }
    return (f"_INBOX_{caller}.>" for caller in callers)


def _consumed_by(consumer: str) -> Iterable[str]:
    return (
        f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer}",
        f"$JS.API.CONSUMER.INFO.{STREAM}.{consumer}",
        f"$JS.ACK.{STREAM}.{consumer}.>",
    )


def _read_from_stream() -> Iterable[str]:
    return (f"$JS.API.DIRECT.GET.{STREAM}",)


def _watched_by(service: str) -> Iterable[str]:
    """The ledger's service also watches how full the stream is."""
    return (f"$JS.API.STREAM.INFO.{STREAM}",) if service == "handoffs" else ()


def _service_protocol(service: str) -> Iterable[str]:
    verbs = ("PING", "INFO", "STATS")
    return (f"$SRV.{verb}{suffix}" for verb in verbs for suffix in ("", f".{service}", f".{service}.*"))


def _deploy_wire() -> Wire:
    return Wire(
        publishes=_sorted(
            ("$JS.API.INFO",),
            (f"$JS.API.STREAM.{verb}.{STREAM}" for verb in ("CREATE", "UPDATE", "INFO", "PURGE")),
            (f"$JS.API.CONSUMER.CREATE.{STREAM}.>", f"$JS.API.CONSUMER.DURABLE.CREATE.{STREAM}.*"),
            (f"$JS.API.CONSUMER.{verb}.{STREAM}.*" for verb in ("INFO", "DELETE")),
            (f"$JS.API.CONSUMER.{verb}.{STREAM}" for verb in ("NAMES", "LIST")),
        ),
        subscribes=(f"_INBOX_{DEPLOY}.>",),
    )


def _ops_wire() -> Wire:
    return Wire(
        publishes=_sorted(
            _read_from_stream(),
            (f"$JS.API.CONSUMER.{verb}.{STREAM}" for verb in ("NAMES", "LIST")),
            ("$SRV.>",),
        ),
        subscribes=_sorted(("live.>",), (f"_INBOX_{OPS}.>",)),
    )


def _subscriber_wire(name: str) -> Wire:
    return Wire(publishes=_sorted(_consumed_by(name)), subscribes=(f"_INBOX_{name}.>",))


def _sorted(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({subject for group in groups for subject in group}))
