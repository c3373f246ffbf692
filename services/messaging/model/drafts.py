"""The rules of drafts: one for each author and place, gone on with on any device, overwritten by none unseen."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from uuid import UUID

import msgspec

from shared.errors import Conflict, NotFound, TooLarge

MOST_DRAFTS = 50
MOST_BYTES = 16 * 1024


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sealed of a draft: its words, and the condition that they are about, which says much alone."""

    text: str
    condition: str | None = None


@dataclass(frozen=True)
class Place:
    """Where somebody writes: in a thread, or about a patient's condition before there is one."""

    author: UUID
    patient: UUID
    thread: UUID | None = None
    condition: str | None = None

    def draft(self, secret: bytes) -> UUID:
        """The one draft of this place. The id tells nobody without the secret what the place is."""
        where = f"draft:{self.author}:{self.patient}:{self.thread}:{self.condition}"
        return UUID(bytes=hmac.digest(secret, where.encode(), "sha256")[:16], version=4)

    def group(self, draft: UUID) -> UUID:
        """Whose keys seal it: the thread's, so that the draft is erased with it, or its own; always the patient's."""
        return self.thread or draft


class NoSuchDraft(NotFound):
    """You have no such draft. It was sent or thrown away, on another device perhaps. Look at your drafts again."""

    code = "no-such-draft"


class DraftMovedOn(Conflict):
    """This draft was saved, sent or thrown away on another device. Look at what is there now and go on from that."""

    code = "draft-moved-on"


class TooManyDrafts(Conflict):
    """You have as many drafts as you can keep. Send one or throw one away, then save this one."""

    code = "too-many-drafts"


class DraftTooLong(TooLarge):
    """This draft is longer than a draft can be. Shorten it and save again."""

    code = "draft-too-long"
