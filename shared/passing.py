"""What passes by: said under `live.` beside the stream, heard by the gateways it concerns, kept by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from baton_events.codes import Party

if TYPE_CHECKING:
    from collections.abc import Mapping

WRITING = "live.messaging.v1.thread.writing"

SAID_BY: Mapping[str, tuple[str, ...]] = {"messaging": (f"{WRITING}.*",)}
"""The subjects that a service may say in passing. The stream stores `care.` only, so nothing here is ever stored."""


class SomebodyWrites(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person of this side is writing in the thread at this moment."""

    thread: UUID
    person: UUID
    party: Party


def writing_subject(patient: UUID) -> str:
    """Where it is said that somebody writes in a thread of the patient."""
    return f"{WRITING}.{patient}"
