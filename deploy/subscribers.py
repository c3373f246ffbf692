"""Other teams' durable consumers: their names, what they hear, and their credentials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from deploy.secrets import make_once, new_seed, replace
from deploy.wires import DEPLOY, OPS, SERVICES, Subscriber

if TYPE_CHECKING:
    from deploy.home import Home

NAME = re.compile(r"[a-z][a-z0-9-]{1,40}")
TAKEN = {*SERVICES, DEPLOY, OPS, "billing", "notifications", "postgres", "simulator"}
FILTER = re.compile(r"care(\.[A-Za-z0-9_-]+|\.\*)*(\.>)?")


class SubscriberRefused(Exception):
    """The name or the filter cannot be used; the message says why."""


def read(home: Home) -> list[Subscriber]:
    """Every subscriber there is."""
    if not home.subscribers.exists():
        return []
    return msgspec.json.decode(home.subscribers.read_bytes(), type=list[Subscriber])


def add(home: Home, name: str, filters: tuple[str, ...]) -> Subscriber:
    """Keep the subscriber and make its credentials; one there already hears the new filters from now on."""
    if not NAME.fullmatch(name) or name in TAKEN:
        raise SubscriberRefused(
            f"'{name}' cannot be a subscriber: use small letters, digits and -, and no service's name."
        )
    for wanted in filters:
        if not FILTER.fullmatch(wanted):
            raise SubscriberRefused(
                f"'{wanted}' is not a subject of this stream: it begins with care., like care.booking.>."
            )
    subscriber = Subscriber(name=name, filters=filters)
    make_once(home.nats_seed(name), new_seed)
    others = [other for other in read(home) if other.name != name]
    replace(home.subscribers, msgspec.json.format(msgspec.json.encode([*others, subscriber])))
    return subscriber
