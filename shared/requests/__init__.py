"""The internal contract: every operation of every service, declared once, for services, gateway and permissions."""

from shared.requests import (
    billing,
    booking,
    common,
    consults,
    conversation,
    corrections,
    custody,
    directory,
    drafts,
    handoffs,
    messaging,
    paths,
    pharmacy,
    visits,
)
from shared.requests.declare import OPERATIONS, Answer, Ask, Done, Operation

__all__ = [
    "OPERATIONS",
    "Answer",
    "Ask",
    "Done",
    "Operation",
    "billing",
    "booking",
    "common",
    "consults",
    "conversation",
    "corrections",
    "custody",
    "directory",
    "drafts",
    "handoffs",
    "messaging",
    "paths",
    "pharmacy",
    "visits",
]
