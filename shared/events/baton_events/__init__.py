"""Baton's published contract: every event as a type, its envelope and subject, and a durable subscriber."""

from baton_events import billing, booking, common, directory, handoffs, messaging, notifications, pharmacy, visits
from baton_events.base import TYPES, Event, EventType
from baton_events.codes import Owner, ServiceName

__all__ = [
    "TYPES",
    "Event",
    "EventType",
    "Owner",
    "ServiceName",
    "billing",
    "booking",
    "common",
    "directory",
    "handoffs",
    "messaging",
    "notifications",
    "pharmacy",
    "visits",
]
