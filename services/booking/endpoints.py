"""What booking answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.booking.operations.book import book
from services.booking.operations.cancel import cancel
from services.booking.operations.find_offers import find_offers
from services.booking.operations.read import appointment, appointments_of, facts
from services.booking.operations.schedule import schedule
from shared import audit
from shared.requests import booking as requests
from shared.requests import common

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app import Handler
    from shared.requests import Operation

OPERATIONS: Mapping[Operation[Any, Any], Handler] = {
    requests.FIND_OFFERS: find_offers,
    requests.BOOK: book,
    requests.CANCEL: cancel,
    requests.APPOINTMENT: appointment,
    requests.APPOINTMENTS: appointments_of,
    requests.APPOINTMENT_FACTS: facts,
    requests.SCHEDULE: schedule,
    common.ACCESSES["booking"]: audit.accesses("booking"),
}
