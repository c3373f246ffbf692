"""What handoffs answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.handoffs.operations import accept, move, trail, work
from shared import audit
from shared.requests import common
from shared.requests import handoffs as requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app import Handler
    from shared.requests import Operation

OPERATIONS: Mapping[Operation[Any, Any], Handler] = {
    requests.WORK: work,
    requests.ACCEPT: accept,
    requests.MOVE: move,
    requests.TRAIL: trail,
    common.ACCESSES["handoffs"]: audit.accesses("handoffs"),
}
