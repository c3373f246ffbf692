"""What booking answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.booking.operations.book import book
from services.booking.operations.calendar import calendar
from services.booking.operations.cancel import cancel
from services.booking.operations.connect import connect_video, video_queue
from services.booking.operations.find_offers import find_offers
from services.booking.operations.licences import check_licences
from services.booking.operations.no_show import settle_no_show
from services.booking.operations.overrides import lift, override, overrides
from services.booking.operations.read import appointment, appointments_of, facts
from services.booking.operations.reschedule import reschedule
from services.booking.operations.schedule import schedule
from services.booking.operations.video import leave_video, request_video, video, video_promise
from services.booking.operations.waitlist import change_wait, leave_waitlist, wait
from services.booking.operations.waitlist_claim import claim_time
from services.booking.operations.waitlist_read import waits_of
from shared import audit
from shared.requests import availability, common, moves
from shared.requests import booking as requests
from shared.requests import video as calls
from shared.requests import waitlist as waiting

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
    moves.RESCHEDULE: reschedule,
    moves.SETTLE_NO_SHOW: settle_no_show,
    moves.CALENDAR: calendar,
    moves.CHECK_LICENCES: check_licences,
    availability.OVERRIDE: override,
    availability.LIFT: lift,
    availability.OVERRIDES: overrides,
    waiting.WAIT: wait,
    waiting.CHANGE_WAIT: change_wait,
    waiting.LEAVE_WAITLIST: leave_waitlist,
    waiting.WAITING: waits_of,
    waiting.CLAIM_TIME: claim_time,
    calls.VIDEO_PROMISE: video_promise,
    calls.REQUEST_VIDEO: request_video,
    calls.LEAVE_VIDEO: leave_video,
    calls.VIDEO: video,
    calls.VIDEO_QUEUE: video_queue,
    calls.CONNECT_VIDEO: connect_video,
    common.ACCESSES["booking"]: audit.accesses("booking"),
}
