"""What is shown to whom: the events seen live on each ground; whatever is not listed here is shown to nobody."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import msgspec

from baton_events import TYPES
from baton_events.codes import HandoffName, Party
from shared.requests.directory import Ground

if TYPE_CHECKING:
    from uuid import UUID

    from baton_events.envelope import Envelope
    from shared.passing import SomebodyWrites

CARE = frozenset(
    {
        "appointment",
        "consult",
        "contact",
        "fill",
        "follow-up",
        "gap",
        "guidance",
        "handoff",
        "message",
        "order",
        "plan",
        "prescription",
        "problem",
        "renewal",
        "reply",
        "thread",
        "video",
        "visit",
    }
)
OWN = CARE | {
    "charge",
    "erasure",
    "no-show",
    "notice",
    "opinion",
    "person",
    "question",
    "quote",
    "relationship",
    "waitlist",
}

NOUNS = {Ground.SELF: OWN, Ground.PROXY: OWN - {"erasure", "relationship"}, Ground.TREATMENT: CARE}

ACROSS = {Ground.SELF: Party.STAFF, Ground.PROXY: Party.STAFF, Ground.TREATMENT: Party.PATIENT}


def shows_writing(said: SomebodyWrites, viewer: UUID, ground: Ground) -> bool:
    """Whether somebody to whom the record opens on this ground sees who is writing: the other side's people do."""
    return said.person != viewer and said.party is ACROSS[ground]


@cache
def shown_on(ground: Ground) -> frozenset[str]:
    """The event types of a patient that somebody sees to whom the record opens on this ground, and no other."""
    return frozenset(type_ for type_, event in TYPES.items() if event.kind.noun in NOUNS[ground])


def shows(envelope: Envelope, ground: Ground) -> bool:
    """Whether somebody to whom the record opens on this ground sees the event.

    That the patient asked to be erased is theirs alone, also where it is told as work that is owed.
    """
    if envelope.type not in shown_on(ground):
        return False
    return ground is Ground.SELF or getattr(envelope.typed(), "name", None) is not HandoffName.RECORD_ERASE


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
