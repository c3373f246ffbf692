"""What pharmacy answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.pharmacy.operations.cancel import cancel
from services.pharmacy.operations.hear import hear
from services.pharmacy.operations.medications import medications
from services.pharmacy.operations.pharmacies import pharmacies, prefer
from services.pharmacy.operations.refill import refill, refills
from services.pharmacy.operations.sign import sign
from shared import audit
from shared.requests import common
from shared.requests import pharmacy as requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app import Handler
    from shared.requests import Operation

OPERATIONS: Mapping[Operation[Any, Any], Handler] = {
    requests.SIGN: sign,
    requests.CANCEL: cancel,
    requests.MEDICATIONS: medications,
    requests.REFILLS: refills,
    requests.REFILL: refill,
    requests.PHARMACIES: pharmacies,
    requests.PREFER: prefer,
    requests.PARTNER: hear,
    common.ACCESSES["pharmacy"]: audit.accesses("pharmacy"),
}
