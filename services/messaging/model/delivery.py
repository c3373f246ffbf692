"""How far a message has come on its way to the other side, as its author sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from baton_events.codes import Party
from shared.requests.messaging import Delivery

if TYPE_CHECKING:
    from datetime import datetime

ON_ITS_WAY = timedelta(minutes=1)
"""So long a message may wait to be published before its author is told that it has not been delivered."""

OTHER = {Party.PATIENT: Party.STAFF, Party.STAFF: Party.PATIENT}


@dataclass(frozen=True)
class Reach:
    """How far a thread has come: read by each side up to here, waiting to be published from here on, if anything."""

    read: Mapping[Party, int]
    waiting_from: int | None
    closed: bool


def delivery(reach: Reach, party: Party, sequence: int, at: datetime, now: datetime) -> Delivery:
    """How far the message of this side has come.

    What a patient wrote into a thread that was closed before anybody read it reaches nobody any more; what the
    practice wrote stays there for the patient to read.
    """
    if reach.read.get(OTHER[party], 0) >= sequence:
        return Delivery.READ
    if reach.waiting_from is not None and sequence >= reach.waiting_from:
        return Delivery.SENDING if now - at < ON_ITS_WAY else Delivery.UNDELIVERED
    if reach.closed and party is Party.PATIENT:
        return Delivery.UNDELIVERED
    return Delivery.DELIVERED
