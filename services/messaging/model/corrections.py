"""The rules of correcting a message and of taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from baton_events.codes import Party
from services.messaging.model.threads import ThreadIsClosed
from shared.errors import Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from datetime import datetime

    from services.messaging.model.threads import ThreadNow
    from shared.errors import Refusal

MOST_REVISIONS = 20
"""So that all that a message ever said fits one answer."""


@dataclass(frozen=True)
class MessageNow:
    """A message as the open transaction sees it."""

    id: UUID
    thread: UUID
    sequence: int
    author: UUID
    party: Party
    at: datetime
    revision: int
    retracted_at: datetime | None


def against_correcting(message: MessageNow, thread: ThreadNow, person: UUID, revision: int) -> Refusal | None:
    """Why this person may not write the message anew on top of this revision, if they may not."""
    against = _against_changing(message, thread, person)
    if against is not None:
        return against
    if message.revision != revision:
        return CorrectedMeanwhile(revision=message.revision)
    return CorrectedOften() if message.revision >= MOST_REVISIONS else None


def against_retracting(
    message: MessageNow, thread: ThreadNow, person: UUID, *, follow_up: bool, only_answer: bool
) -> Refusal | None:
    """Why this person may not take the message back, if they may not: nobody is left without what they were owed."""
    against = _against_changing(message, thread, person)
    if against is not None:
        return against
    return StillOwed() if follow_up or only_answer else None


def may_see_versions(message: MessageNow, person: UUID, party: Party) -> bool:
    """What was taken back is for its author and the practice; everything else for whoever reads the thread."""
    return message.retracted_at is None or person == message.author or party is Party.STAFF


def _against_changing(message: MessageNow, thread: ThreadNow, person: UUID) -> Refusal | None:
    if message.author != person:
        return NotTheAuthor()
    if message.retracted_at is not None:
        return MessageRetracted()
    return ThreadIsClosed() if thread.closed else None


class NoSuchMessage(NotFound):
    """There is no such message that you can open. Look at the thread again, or ask the practice."""

    code = "no-such-message"


class NotTheAuthor(Forbidden):
    """Only who wrote a message corrects it or takes it back. Write a message of your own."""

    code = "not-the-author"


class CorrectedMeanwhile(Conflict):
    """You have corrected this message since, on another device perhaps. Look at what it says now and correct that."""

    code = "corrected-meanwhile"


class CorrectedOften(Conflict):
    """This message has been corrected as often as a message can be. Take it back, or write another one."""

    code = "corrected-often"


class MessageRetracted(Conflict):
    """This message has been taken back. Write another one."""

    code = "message-retracted"


class StillOwed(Conflict):
    """This message is what the patient was owed. Correct it, or send the right answer first and then take it back."""

    code = "still-owed"
