"""The closed list of codes that event data may hold; none tells of diagnosis, medicine, test, vaccine or specialty."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

UUID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

TEAMS_OF_AN_OFFICE = ("front-desk", "room", "lab")
TEAMS_OF_THE_PRACTICE = (
    "care",
    "clinicians-on-call",
    "ops",
    "pharmacists",
    "pharmacy-ops",
    "pharmacy-technicians",
    "privacy",
    "support",
)

Owner = Annotated[
    str,
    Meta(
        pattern=rf"^(team:({'|'.join(TEAMS_OF_THE_PRACTICE)})"
        rf"|team:({'|'.join(TEAMS_OF_AN_OFFICE)}):{UUID_PATTERN}"
        rf"|(clinician|patient):{UUID_PATTERN})$",
        description="Who is accountable: a team of the practice, a team of one office, or one person.",
    ),
]

Time = Annotated[datetime, Meta(tz=True, description="An instant, with its offset; services write UTC.")]

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="A SHA-256 in hex.")]

Signature = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{86}$", description="An Ed25519 signature in base64url.")]


class ServiceName(StrEnum):
    """The services that publish events; notifications is reserved."""

    DIRECTORY = "directory"
    BOOKING = "booking"
    VISITS = "visits"
    MESSAGING = "messaging"
    PHARMACY = "pharmacy"
    HANDOFFS = "handoffs"
    BILLING = "billing"
    NOTIFICATIONS = "notifications"


class VisitKind(StrEnum):
    """Where a visit takes place."""

    OFFICE = "office"
    VIDEO = "video"


class CancelReason(StrEnum):
    """Why a time was given back."""

    PATIENT = "patient"
    PRACTICE = "practice"
    ERROR = "entered-in-error"


class Availability(StrEnum):
    """What staff made of a stretch of time."""

    OPEN = "open"
    CLOSED = "closed"


class Reminder(StrEnum):
    """How long before the visit a patient is reminded."""

    DAY_BEFORE = "day-before"
    TWO_HOURS = "two-hours"


class Party(StrEnum):
    """Which side of the conversation acted."""

    PATIENT = "patient"
    STAFF = "staff"
    SERVICE = "service"


class ThreadKind(StrEnum):
    """What a thread is for."""

    CARE = "care"
    CONSULT = "consult"
    SUPPORT = "support"


class RelationshipSource(StrEnum):
    """What started a treatment relationship."""

    BOOKING = "booking"
    CONSULT = "consult"
    VIDEO = "video"
    REGISTRATION = "registration"


class ProblemKind(StrEnum):
    """What stood in the way of a fill; the names follow Photon's fulfilment exceptions."""

    OUT_OF_STOCK = "out-of-stock"
    CLOSED = "pharmacy-closed"
    UNREACHABLE = "pharmacy-unreachable"
    REFUSED = "order-error"
    CLARIFICATION = "clarification-needed"


class Resolution(StrEnum):
    """How a problem ended."""

    MOVED = "moved-to-another-pharmacy"
    FILLED = "filled-after-all"
    SUBSTITUTED = "substituted"
    CANCELLED = "cancelled"
    CALLED = "settled-by-a-person"


class RouteReason(StrEnum):
    """Why a prescription was sent to a pharmacy."""

    NEW = "new"
    REFILL = "refill"
    MOVED = "moved"


class HandoffName(StrEnum):
    """The rows of the handoff table."""

    VISIT_PREPARE = "visit.prepare"
    VISIT_ROOM = "visit.room"
    VISIT_ORDER = "visit.order"
    VISIT_SUMMARISE = "visit.summarise"
    VISIT_FOLLOW_UP = "visit.follow-up"
    VISIT_NO_SHOW = "visit.no-show"
    VISIT_MOVE = "visit.move"
    VIDEO_CONNECT = "video.connect"
    CONSULT_ANSWER = "consult.answer"
    THREAD_REPLY = "thread.reply"
    SUPPORT_REPLY = "support.reply"
    PERSON_JOIN = "person.join"
    RX_TRANSMIT = "rx.transmit"
    RX_FILL = "rx.fill"
    RX_DELIVER = "rx.deliver"
    RX_PICK_UP = "rx.pick-up"
    RX_RESOLVE = "rx.resolve"
    RX_RENEW = "rx.renew"
    CARE_OFFER = "care.offer"
    RECORD_ERASE = "record.erase"
    EVENT_REPAIR = "event.repair"


class VoidReason(StrEnum):
    """Why a charge or a locked price was given up."""

    ROUTED_ELSEWHERE = "routed-elsewhere"
    CANCELLED = "cancelled"
    ERROR = "entered-in-error"


class ContactChannel(StrEnum):
    """How somebody reached the practice, or the practice them, outside the app."""

    PHONE = "phone"
    MAIL = "mail"
    DESK = "desk"


class NoticeChannel(StrEnum):
    """How a content-free notice went out."""

    MAIL = "mail"
    WEBHOOK = "webhook"
