"""What messaging is asked within a conversation: to say who is writing, and to find what was written."""

from datetime import datetime
from uuid import UUID

from baton_events.codes import Party
from shared.requests.common import Sequence, ShortWords
from shared.requests.declare import Answer, Ask, Operation, operation
from shared.requests.messaging import MESSAGES, SEND, OfThread


class Writing(Answer, frozen=True, kw_only=True):
    """The other side's open apps were told; there is no use in saying so again before `again_at`. Nothing is kept."""

    again_at: datetime


class Search(Ask, frozen=True, kw_only=True):
    """Find messages that hold all of these words, whatever their case and accents, among those before `before`.

    One request looks through 400 messages, newest first.
    """

    thread: UUID
    words: ShortWords
    before: Sequence | None = None


class Hit(Answer, frozen=True, kw_only=True):
    """A message that holds the words, and what stands around the first of them."""

    message: UUID
    sequence: int
    author: UUID
    party: Party
    at: datetime
    snippet: str


class Hits(Answer, frozen=True, kw_only=True):
    """Newest first, of the messages looked through; `before` goes on from there, none at the beginning."""

    thread: UUID
    hits: list[Hit]
    before: int | None


WRITING = operation(Operation("messaging", "writing", OfThread, Writing, roles=SEND.roles))
SEARCH = operation(Operation("messaging", "search", Search, Hits, roles=MESSAGES.roles))
