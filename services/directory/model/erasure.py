"""The erasure of a patient: who must confirm it, and what is refused."""

from __future__ import annotations

from datetime import timedelta

from baton_events.codes import ServiceName
from shared.errors import Conflict, NotFound

ERASE_WITHIN = timedelta(hours=24)
"""How long the practice has from the request until every service has confirmed."""

KEEPERS = frozenset(
    {
        ServiceName.DIRECTORY,
        ServiceName.BOOKING,
        ServiceName.VISITS,
        ServiceName.MESSAGING,
        ServiceName.PHARMACY,
        ServiceName.HANDOFFS,
        ServiceName.BILLING,
    }
)
"""The services that keep something of a patient."""


class NoSuchErasure(NotFound):
    """There is no such request that you can open. Look at the requests there are."""

    code = "no-such-erasure"


class ErasureAskedFor(Conflict):
    """The erasure of this record has been asked for already. Wait for the decision, or withdraw the request."""

    code = "erasure-asked-for"


class ErasureDecided(Conflict):
    """This request has been decided or withdrawn already. Look at the requests there are."""

    code = "erasure-decided"
