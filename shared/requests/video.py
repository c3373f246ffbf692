"""What booking is asked about video on call: wait for a clinician, see who waits, join."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.identity.people import Role
from shared.requests.booking import PATIENTS, EmergencyGuidance
from shared.requests.common import Cents, State, Words
from shared.requests.declare import Answer, Ask, Done, Operation, operation


class VideoStatus(StrEnum):
    """Where a video call stands."""

    WAITING = "waiting"
    CONNECTED = "connected"
    ENDED = "ended"
    LEFT = "left"


class AskVideo(Ask, frozen=True, kw_only=True):
    """Whether somebody is on call for `state`, where the patient is now; their home's if none is given."""

    patient: UUID
    state: State | None = None


class VideoPromise(Answer, frozen=True, kw_only=True):
    """A clinician is with the patient within `minutes`; `price_cents` is all it costs. `waiting` are before them."""

    state: State
    minutes: int
    waiting: int
    price_cents: Cents


class RequestVideo(Ask, frozen=True, kw_only=True):
    """Wait for a clinician by video. `state` is where the patient says they are now; their home's if none is given."""

    patient: UUID
    reason: Words
    state: State | None = None


class VideoRequested(Done, frozen=True, kw_only=True):
    """A clinician joins by `promised_at`; the guidance comes first where the reason sounds like an emergency."""

    video: UUID
    promised_at: datetime
    emergency: EmergencyGuidance | None = None


class OfVideo(Ask, frozen=True, kw_only=True):
    """A question about, or a change of, one video call."""

    video: UUID


class VideoState(Done, frozen=True, kw_only=True):
    """Where the call stands; once connected it is the visit of `appointment`."""

    video: UUID
    status: VideoStatus
    appointment: UUID | None = None


class Video(Answer, frozen=True, kw_only=True):
    """A call as its patient and its clinician see it. `link` lets the caller in, and only while they are connected."""

    video: UUID
    patient: UUID
    status: VideoStatus
    state: State
    reason: str
    requested_at: datetime
    promised_at: datetime
    clinician: UUID | None = None
    clinician_name: str | None = None
    credential: str | None = None
    appointment: UUID | None = None
    link: str | None = None


class AskVideoQueue(Ask, frozen=True, kw_only=True):
    """Who waits for the caller to join."""


class Waiting(Answer, frozen=True, kw_only=True):
    """Somebody who waits; why is told to who joins."""

    video: UUID
    patient: UUID
    state: State
    requested_at: datetime
    promised_at: datetime


class VideoQueue(Answer, frozen=True, kw_only=True):
    """The longest promised first."""

    waiting: list[Waiting]


CLINICIANS = frozenset({Role.CLINICIAN})
VIDEO_PROMISE = operation(Operation("booking", "video-promise", AskVideo, VideoPromise, roles=PATIENTS))
REQUEST_VIDEO = operation(
    Operation("booking", "request-video", RequestVideo, VideoRequested, command=True, roles=PATIENTS),
)
LEAVE_VIDEO = operation(Operation("booking", "leave-video", OfVideo, VideoState, command=True, roles=PATIENTS))
VIDEO = operation(Operation("booking", "video", OfVideo, Video, roles=PATIENTS | CLINICIANS))
VIDEO_QUEUE = operation(Operation("booking", "video-queue", AskVideoQueue, VideoQueue, roles=CLINICIANS))
CONNECT_VIDEO = operation(
    Operation("booking", "connect-video", OfVideo, VideoState, command=True, roles=CLINICIANS),
)
