"""What is shown to whom: the events a role may see live; whatever is not listed here is shown to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from baton_events import TYPES
from shared.identity.people import Role

if TYPE_CHECKING:
    from baton_events.envelope import Envelope
    from shared.identity.people import Person

CARE = frozenset(
    {
        "appointment",
        "consult",
        "fill",
        "follow-up",
        "gap",
        "guidance",
        "handoff",
        "message",
        "order",
        "prescription",
        "problem",
        "renewal",
        "reply",
        "thread",
        "video",
        "visit",
    }
)
OWN = CARE | {"charge", "erasure", "notice", "person", "question", "quote", "relationship"}

NOUNS: dict[Role, frozenset[str]] = {
    Role.PATIENT: OWN,
    Role.PROXY: OWN - {"erasure", "relationship"},
    Role.CLINICIAN: CARE,
    Role.NURSE: CARE,
}


def shown_to(person: Person, *, own: bool) -> frozenset[str]:
    """The event types that the person sees of a patient: of themselves, or of another whose record opens to them."""
    roles = {Role.PATIENT} if own else person.roles - {Role.PATIENT}
    nouns = frozenset[str]().union(*(NOUNS.get(role, frozenset()) for role in roles))
    return frozenset(type_ for type_, event in TYPES.items() if event.kind.noun in nouns)


def rendered(envelope: Envelope) -> str:
    """The event as an app sees it: what happened to which entity when, and the ids, times and codes of its data."""
    return msgspec.json.encode(
        {
            "id": envelope.id,
            "type": envelope.type,
            "subject": envelope.subject,
            "sequence": int(envelope.sequence),
            "time": envelope.time,
            "data": envelope.typed(),
        },
    ).decode()
