"""What messaging is asked about one message: to correct it, to take it back, and what it said at any time."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from shared.requests.common import Words
from shared.requests.declare import Answer, Ask, Done, Operation, operation
from shared.requests.messaging import MESSAGES, SEND
from shared.requests.people import MetEmergency

Revision = Annotated[int, Meta(ge=0, le=2**62, description="0 is the message as it was sent, 1 its first correction.")]


class Correct(Ask, frozen=True, kw_only=True):
    """Write one's own message anew. `revision` is the one that the author looked at; what stood before is kept."""

    message: UUID
    revision: Revision
    text: Words


class Corrected(Done, frozen=True, kw_only=True):
    """The message says what the author wrote last, as this revision."""

    message: UUID
    thread: UUID
    sequence: int
    revision: int
    at: datetime
    emergency: MetEmergency | None = None


class OfMessage(Ask, frozen=True, kw_only=True):
    """One message."""

    message: UUID


class Retracted(Done, frozen=True, kw_only=True):
    """The message is taken back: its place stays, its words are shown to nobody but its author and the practice."""

    message: UUID
    thread: UUID
    sequence: int
    at: datetime


class Version(Answer, frozen=True, kw_only=True):
    """What the message said from `at` on."""

    revision: int
    text: str
    at: datetime


class Versions(Answer, frozen=True, kw_only=True):
    """Everything the message ever said, the first version first."""

    message: UUID
    thread: UUID
    sequence: int
    author: UUID
    retracted_at: datetime | None
    versions: list[Version]


CORRECT = operation(Operation("messaging", "correct", Correct, Corrected, command=True, roles=SEND.roles))
RETRACT = operation(Operation("messaging", "retract", OfMessage, Retracted, command=True, roles=SEND.roles))
REVISIONS = operation(Operation("messaging", "revisions", OfMessage, Versions, roles=MESSAGES.roles))
