"""What billing answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.billing.operations.lock_quote import lock_quote
from services.billing.operations.make_quotes import make_quotes
from services.billing.operations.read import charges, quote
from services.billing.operations.receipt import receipt
from services.billing.operations.void_charge import void_charge
from shared import audit
from shared.requests import billing as requests
from shared.requests import common

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app import Handler
    from shared.requests import Operation

OPERATIONS: Mapping[Operation[Any, Any], Handler] = {
    requests.MAKE_QUOTES: make_quotes,
    requests.LOCK_QUOTE: lock_quote,
    requests.QUOTE: quote,
    requests.CHARGES: charges,
    requests.VOID_CHARGE: void_charge,
    requests.RECEIPT: receipt,
    common.ACCESSES["billing"]: audit.accesses("billing"),
}
