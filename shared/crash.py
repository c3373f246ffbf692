"""Crash points: the places where dying matters, named, so that a test can die at each and see nothing lost or twice."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class CrashPoint(StrEnum):
    """Where a process may die between two things that belong together."""

    OUTBOX_ADDED = "outbox.added"
    OUTBOX_COMMITTED = "outbox.committed"
    RELAY_TAKEN = "relay.taken"
    RELAY_PUBLISHED = "relay.published"
    RELAY_MARKED = "relay.marked"
    INBOX_RECEIVED = "inbox.received"
    INBOX_PREPARED = "inbox.prepared"
    INBOX_APPLIED = "inbox.applied"
    INBOX_COMMITTED = "inbox.committed"
    INBOX_DEAD_LETTERED = "inbox.dead-lettered"
    DEADLINE_CLAIMED = "deadline.claimed"
    DEADLINE_FIRED = "deadline.fired"
    DEADLINE_COMMITTED = "deadline.committed"
    DELIVERY_TAKEN = "delivery.taken"
    DELIVERY_SENT = "delivery.sent"
    DELIVERY_RECORDED = "delivery.recorded"
    PARTNER_HEARD = "partner.heard"
    PARTNER_COMMITTED = "partner.committed"
    WAITLIST_OFFERED = "waitlist.offered"
    WAITLIST_COMMITTED = "waitlist.committed"


class CrashedError(BaseException):
    """The process is taken to have died here; nothing catches this and goes on."""


_armed: dict[CrashPoint, tuple[bool, str]] = {}


def arm(point: CrashPoint, *, leave: bool = False, service: str = "") -> None:
    """Die the next time `point` is reached: by leaving the process at once, or by raising CrashedError.

    With `service` only that one does, at the points that tell whose they are, those of the inbox.
    """
    _armed[point] = leave, service


def disarm() -> None:
    """Die nowhere any more."""
    _armed.clear()


def arm_from_environment(environment: Mapping[str, str]) -> None:
    """Leave the process at the point that BATON_CRASH names, if it names one."""
    if name := environment.get("BATON_CRASH"):
        arm(CrashPoint(name), leave=True)


def reach(point: CrashPoint, service: str = "") -> None:
    """Tell that the work has come to `point`, in this service."""
    if not _armed or point not in _armed:
        return
    leave, meant = _armed[point]
    if meant and meant != service:
        return
    del _armed[point]
    if leave:
        os._exit(137)
    raise CrashedError(point)
