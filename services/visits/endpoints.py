"""What visits answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.visits.operations.check_in import check_in, leave
from services.visits.operations.due import due
from services.visits.operations.end import decline_follow_up, end, summarise
from services.visits.operations.gaps import snooze
from services.visits.operations.lab import accept_order, complete_order, decline_order
from services.visits.operations.order import cancel_order, place_order
from services.visits.operations.paths import give_opinion, tick
from services.visits.operations.read import open_orders, visit, visits_of
from services.visits.operations.start import start
from shared import audit
from shared.requests import common, paths
from shared.requests import visits as requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app import Handler
    from shared.requests import Operation

OPERATIONS: Mapping[Operation[Any, Any], Handler] = {
    requests.CHECK_IN: check_in,
    requests.LEAVE: leave,
    requests.START: start,
    requests.END: end,
    requests.SUMMARISE: summarise,
    requests.DECLINE_FOLLOW_UP: decline_follow_up,
    requests.PLACE_ORDER: place_order,
    requests.CANCEL_ORDER: cancel_order,
    requests.ACCEPT_ORDER: accept_order,
    requests.COMPLETE_ORDER: complete_order,
    requests.DECLINE_ORDER: decline_order,
    requests.ORDERS: open_orders,
    paths.TICK: tick,
    paths.GIVE_OPINION: give_opinion,
    paths.SNOOZE: snooze,
    requests.DUE: due,
    requests.VISIT: visit,
    requests.VISITS: visits_of,
    common.ACCESSES["visits"]: audit.accesses("visits"),
}
