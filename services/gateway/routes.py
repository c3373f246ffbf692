"""Every address of the practice, in one table: method, path, and the operation that answers.

A query's path and query values are its ask; a command's ask is its body, passed on as it came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shared.requests import (
    Operation,
    attachments,
    availability,
    billing,
    booking,
    consults,
    conversation,
    corrections,
    custody,
    directory,
    drafts,
    handoffs,
    messaging,
    moves,
    paths,
    people,
    pharmacy,
    video,
    visits,
    waitlist,
)

PLACEHOLDER = re.compile(r"{([a-z_]+)}")


@dataclass(frozen=True)
class Route:
    """One address. With `parts` the operation opens a file, whose parts that one gives."""

    method: str
    path: str
    operation: Operation[Any, Any]
    parts: Operation[Any, Any] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The values in the path."""
        return tuple(PLACEHOLDER.findall(self.path))


ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/me", directory.ME),
    Route("GET", "/v1/people", directory.PEOPLE),
    Route("GET", "/v1/clinicians", directory.CLINICIANS),
    Route("POST", "/v1/patients", directory.REGISTER_PATIENT),
    Route("GET", "/v1/erasures", directory.ERASURES),
    Route("POST", "/v1/erasures", directory.REQUEST_ERASURE),
    Route("POST", "/v1/erasures/approve", directory.APPROVE_ERASURE),
    Route("POST", "/v1/erasures/withdraw", directory.WITHDRAW_ERASURE),
    Route("POST", "/v1/offers", booking.FIND_OFFERS),
    Route("POST", "/v1/appointments", booking.BOOK),
    Route("POST", "/v1/appointments/cancel", booking.CANCEL),
    Route("POST", "/v1/appointments/reschedule", moves.RESCHEDULE),
    Route("POST", "/v1/appointments/no-show/settle", moves.SETTLE_NO_SHOW),
    Route("POST", "/v1/licences/check", moves.CHECK_LICENCES),
    Route("GET", "/v1/appointments/{appointment}", booking.APPOINTMENT),
    Route("GET", "/v1/appointments/{appointment}/calendar", moves.CALENDAR),
    Route("GET", "/v1/patients/{patient}/appointments", booking.APPOINTMENTS),
    Route("GET", "/v1/schedule", booking.SCHEDULE),
    Route("GET", "/v1/availability/overrides", availability.OVERRIDES),
    Route("POST", "/v1/availability/overrides", availability.OVERRIDE),
    Route("POST", "/v1/availability/overrides/lift", availability.LIFT),
    Route("POST", "/v1/waitlist", waitlist.WAIT),
    Route("POST", "/v1/waitlist/change", waitlist.CHANGE_WAIT),
    Route("POST", "/v1/waitlist/leave", waitlist.LEAVE_WAITLIST),
    Route("POST", "/v1/waitlist/claim", waitlist.CLAIM_TIME),
    Route("GET", "/v1/patients/{patient}/waitlist", waitlist.WAITING),
    Route("GET", "/v1/patients/{patient}/video-promise", video.VIDEO_PROMISE),
    Route("POST", "/v1/video", video.REQUEST_VIDEO),
    Route("POST", "/v1/video/leave", video.LEAVE_VIDEO),
    Route("POST", "/v1/video/connect", video.CONNECT_VIDEO),
    Route("GET", "/v1/video", video.VIDEO_QUEUE),
    Route("GET", "/v1/video/{video}", video.VIDEO),
    Route("POST", "/v1/visits/check-in", visits.CHECK_IN),
    Route("POST", "/v1/visits/leave", visits.LEAVE),
    Route("POST", "/v1/visits/start", visits.START),
    Route("POST", "/v1/visits/end", visits.END),
    Route("POST", "/v1/visits/summarise", visits.SUMMARISE),
    Route("POST", "/v1/visits/decline-follow-up", visits.DECLINE_FOLLOW_UP),
    Route("POST", "/v1/visits/checklist/tick", paths.TICK),
    Route("POST", "/v1/visits/opinion", paths.GIVE_OPINION),
    Route("POST", "/v1/due/snooze", paths.SNOOZE),
    Route("GET", "/v1/visits/{visit}", visits.VISIT),
    Route("GET", "/v1/patients/{patient}/visits", visits.VISITS),
    Route("GET", "/v1/patients/{patient}/due", visits.DUE),
    Route("GET", "/v1/orders", visits.ORDERS),
    Route("POST", "/v1/orders/place", visits.PLACE_ORDER),
    Route("POST", "/v1/orders/accept", visits.ACCEPT_ORDER),
    Route("POST", "/v1/orders/complete", visits.COMPLETE_ORDER),
    Route("POST", "/v1/orders/decline", visits.DECLINE_ORDER),
    Route("POST", "/v1/orders/cancel", visits.CANCEL_ORDER),
    Route("POST", "/v1/threads", messaging.OPEN_THREAD),
    Route("POST", "/v1/threads/erase", messaging.ERASE_THREAD),
    Route("POST", "/v1/messages", messaging.SEND),
    Route("GET", "/v1/threads/{thread}/messages", messaging.MESSAGES),
    Route("GET", "/v1/patients/{patient}/threads", messaging.THREADS),
    Route("GET", "/v1/patients/{patient}/last-contacts", messaging.LAST_CONTACTS),
    Route("GET", "/v1/patients/{patient}/own-clinician", directory.OWN_CLINICIAN),
    Route("POST", "/v1/threads/read", messaging.MARK_READ),
    Route("POST", "/v1/threads/reply-not-needed", messaging.REPLY_NOT_NEEDED),
    Route("POST", "/v1/threads/close", messaging.CLOSE_THREAD),
    Route("POST", "/v1/attachments", attachments.BEGIN),
    Route("PUT", "/v1/attachments/{attachment}/parts/{part}", attachments.PUT_PART),
    Route("POST", "/v1/attachments/finish", attachments.FINISH),
    Route("POST", "/v1/attachments/abandon", attachments.ABANDON),
    Route("GET", "/v1/attachments/{attachment}", attachments.ATTACHMENT),
    Route("GET", "/v1/attachments/{attachment}/content", attachments.CONTENT, parts=attachments.PART),
    Route("POST", "/v1/threads/claim", custody.CLAIM),
    Route("POST", "/v1/threads/hand-over", custody.HAND_OVER),
    Route("POST", "/v1/threads/release", custody.RELEASE),
    Route("GET", "/v1/threads/{thread}/custody", custody.CUSTODY),
    Route("GET", "/v1/inbox", custody.INBOX),
    Route("POST", "/v1/people/requests", people.REQUEST_PERSON),
    Route("POST", "/v1/people/requests/withdraw", people.WITHDRAW_PERSON),
    Route("POST", "/v1/people/requests/join", people.JOIN_PERSON),
    Route("GET", "/v1/people/requests", people.PERSON_REQUESTS),
    Route("GET", "/v1/people/requests/{request}", people.PERSON_REQUEST),
    Route("POST", "/v1/contacts", people.LOG_CONTACT),
    Route("GET", "/v1/patients/{patient}/contacts", people.CONTACTS),
    Route("GET", "/v1/questions", people.QUESTIONS),
    Route("GET", "/v1/conditions", consults.CONDITIONS),
    Route("POST", "/v1/consults/intake", consults.CHECK_INTAKE),
    Route("POST", "/v1/consults/offers", consults.FIND_PROVIDERS),
    Route("POST", "/v1/consults", consults.REQUEST_CONSULT),
    Route("GET", "/v1/consults", consults.MY_CONSULTS),
    Route("GET", "/v1/consults/{consult}", consults.CONSULT),
    Route("GET", "/v1/patients/{patient}/consults", consults.CONSULTS),
    Route("POST", "/v1/consults/plan", consults.GIVE_PLAN),
    Route("POST", "/v1/consults/acknowledge", consults.ACKNOWLEDGE),
    Route("POST", "/v1/consults/decline", consults.DECLINE),
    Route("POST", "/v1/consults/withdraw", consults.WITHDRAW),
    Route("GET", "/v1/follow-ups", messaging.FOLLOW_UPS),
    Route("POST", "/v1/messages/correct", corrections.CORRECT),
    Route("POST", "/v1/messages/retract", corrections.RETRACT),
    Route("GET", "/v1/messages/{message}/revisions", corrections.REVISIONS),
    Route("POST", "/v1/threads/writing", conversation.WRITING),
    Route("POST", "/v1/threads/search", conversation.SEARCH),
    Route("POST", "/v1/drafts", drafts.SAVE_DRAFT),
    Route("GET", "/v1/drafts", drafts.DRAFTS),
    Route("POST", "/v1/drafts/discard", drafts.DISCARD_DRAFT),
    Route("POST", "/v1/prescriptions", pharmacy.SIGN),
    Route("POST", "/v1/prescriptions/cancel", pharmacy.CANCEL),
    Route("GET", "/v1/patients/{patient}/medications", pharmacy.MEDICATIONS),
    Route("GET", "/v1/refills", pharmacy.REFILLS),
    Route("POST", "/v1/refills", pharmacy.REFILL),
    Route("GET", "/v1/pharmacies", pharmacy.PHARMACIES),
    Route("POST", "/v1/pharmacy-preferences", pharmacy.PREFER),
    Route("GET", "/v1/quotes/{quote}", billing.QUOTE),
    Route("GET", "/v1/patients/{patient}/charges", billing.CHARGES),
    Route("POST", "/v1/charges/void", billing.VOID_CHARGE),
    Route("GET", "/v1/charges/{charge}/receipt", billing.RECEIPT),
    Route("GET", "/v1/handoffs", handoffs.WORK),
    Route("POST", "/v1/handoffs/accept", handoffs.ACCEPT),
    Route("POST", "/v1/handoffs/move", handoffs.MOVE),
    Route("GET", "/v1/patients/{patient}/trail", handoffs.TRAIL),
)

STORY = "/v1/patients/{patient}/story"
ACCESSES = "/v1/patients/{patient}/accesses"
LIVE = "/v1/live"
PARTNER = "/v1/partners/pharmacies/{pharmacy}/webhook"
OPENAPI = "/openapi.json"
HEALTH = "/health"
SIGN_IN = "/oidc/{path:.*}"
