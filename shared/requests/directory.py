"""What directory is asked: who somebody is, who may open a record, who may treat where."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from baton_events.codes import RelationshipSource
from shared.identity.people import ANYONE, Role
from shared.requests.common import Moment, OfPatient, ShortWords, State
from shared.requests.declare import Answer, Ask, Done, Operation, operation

ALL_SERVICES = frozenset({"booking", "visits", "messaging", "pharmacy", "billing", "handoffs"})


class AskMe(Ask, frozen=True, kw_only=True):
    """Nothing: the token says who asks."""


class Me(Answer, frozen=True, kw_only=True):
    """Who is signed in."""

    person: UUID
    name: str
    roles: list[Role]
    teams: list[str]
    time_zone: str
    state: State | None = None
    own_clinician: UUID | None = None


class Ground(StrEnum):
    """Why a record opens to somebody."""

    SELF = "self"
    PROXY = "proxy"
    TREATMENT = "treatment"


class MayOpen(Answer, frozen=True, kw_only=True):
    """The ground on which the caller may open the patient's record; none: they may not."""

    ground: Ground | None
    relationship: UUID | None = None


class PatientCard(Answer, frozen=True, kw_only=True):
    """What a service needs to know of a patient to do its work. `latitude`, `longitude` in degrees."""

    patient: UUID
    name: str
    birth_date: date
    state: State
    time_zone: str
    own_clinician: UUID | None
    latitude: float
    longitude: float


class RegisterPatient(Ask, frozen=True, kw_only=True):
    """Take somebody on as a patient of the practice. `latitude`, `longitude` in degrees, of their home."""

    name: ShortWords
    birth_date: date
    state: State
    time_zone: Annotated[str, Meta(max_length=64)]
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    own_clinician: UUID | None = None


class PatientRegistered(Done, frozen=True, kw_only=True):
    """They are a patient of the practice."""

    patient: UUID


class FindClinicians(Ask, frozen=True, kw_only=True):
    """Who may treat a patient in `state` at `at`; all of them when no state is given.

    With `patient`, the state is theirs; services may ask for anybody, people for themselves.
    """

    state: State | None = None
    patient: UUID | None = None
    at: Moment | None = None
    clinician: UUID | None = None


class Hours(Answer, frozen=True, kw_only=True):
    """Weekly hours at one office, local to it. `weekday` 1 is Monday (ISO 8601); `closes` 24:00 is midnight's end."""

    office: UUID
    weekday: int
    opens: str
    closes: str


class ClinicianCard(Answer, frozen=True, kw_only=True):
    """A clinician as patients may see them. `credential` is MD, NP or PA.

    `licensed_until` is when the licence in the state asked about ends, if a state was.
    """

    clinician: UUID
    name: str
    credential: str
    specialty: str
    licensed_in: list[State]
    hours: list[Hours]
    video: bool
    licensed_until: datetime | None = None


class Clinicians(Answer, frozen=True, kw_only=True):
    """The clinicians found."""

    clinicians: list[ClinicianCard]


class RegisterRelationship(Ask, frozen=True, kw_only=True):
    """A treatment relationship about to begin; it lapses at `lapses_at` unless the event confirms it."""

    relationship: UUID
    patient: UUID
    clinician: UUID
    source: RelationshipSource
    lapses_at: Moment


class RelationshipRegistered(Done, frozen=True, kw_only=True):
    """It stands."""

    relationship: UUID


class AskMayPrescribe(Ask, frozen=True, kw_only=True):
    """Whether the caller may prescribe to this patient at this time."""

    patient: UUID
    at: Moment


class MayPrescribe(Answer, frozen=True, kw_only=True):
    """Whether credential, licence in the patient's state and relationship allow it; `lacking` says what does not."""

    allowed: bool
    lacking: str | None = None


class FindPeople(Ask, frozen=True, kw_only=True):
    """Names of members of staff, by id, separated by commas (at most 50)."""

    ids: str


class StaffName(Answer, frozen=True, kw_only=True):
    """A member of staff as anyone in the practice may see them."""

    person: UUID
    name: str
    credential: str | None


class People(Answer, frozen=True, kw_only=True):
    """Those found; ids of patients and strangers are left out."""

    people: list[StaffName]


class OwnClinician(Answer, frozen=True, kw_only=True):
    """The patient's own clinician; null while they have none."""

    own_clinician: StaffName | None


class RequestErasure(Ask, frozen=True, kw_only=True):
    """Everything held about the patient is to be made unreadable. Patients ask for their own record."""

    patient: UUID


class OfErasure(Ask, frozen=True, kw_only=True):
    """A decision on one request."""

    erasure: UUID


class AskErasures(Ask, frozen=True, kw_only=True):
    """The requests there are."""


class ErasureStatus(StrEnum):
    """Where a request stands; `completed` once every service has confirmed."""

    REQUESTED = "requested"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


class ErasureState(Done, frozen=True, kw_only=True):
    """Where the request stands; it is to be completed by `due`."""

    erasure: UUID
    status: ErasureStatus
    due: datetime


class Erasure(Answer, frozen=True, kw_only=True):
    """A request; of one that is approved, `missing` names the services that have not confirmed."""

    erasure: UUID
    patient: UUID
    status: ErasureStatus
    requested_by: UUID
    requested_at: datetime
    due: datetime
    missing: list[str]


class Erasures(Answer, frozen=True, kw_only=True):
    """Most urgent first."""

    erasures: list[Erasure]


ME = operation(Operation("directory", "me", AskMe, Me, roles=ANYONE))
MAY_OPEN = operation(
    Operation(
        "directory",
        "may-open",
        OfPatient,
        MayOpen,
        roles=ANYONE,
        on_behalf=ALL_SERVICES | {"directory"},
    ),
)
REGISTER_PATIENT = operation(
    Operation(
        "directory",
        "register-patient",
        RegisterPatient,
        PatientRegistered,
        command=True,
        roles=frozenset({Role.FRONT_DESK}),
    ),
)
PATIENT = operation(Operation("directory", "patient", OfPatient, PatientCard, services=ALL_SERVICES))
CLINICIANS = operation(
    Operation("directory", "clinicians", FindClinicians, Clinicians, roles=ANYONE, services=ALL_SERVICES),
)
REGISTER_RELATIONSHIP = operation(
    Operation(
        "directory",
        "register-relationship",
        RegisterRelationship,
        RelationshipRegistered,
        command=True,
        services=frozenset({"booking", "messaging"}),
    ),
)
MAY_PRESCRIBE = operation(
    Operation(
        "directory",
        "may-prescribe",
        AskMayPrescribe,
        MayPrescribe,
        roles=frozenset({Role.CLINICIAN}),
        on_behalf=frozenset({"pharmacy"}),
    ),
)
PEOPLE = operation(Operation("directory", "people", FindPeople, People, roles=ANYONE))
RECORD = frozenset({Role.PATIENT, Role.PROXY, Role.CLINICIAN, Role.NURSE})
OWN_CLINICIAN = operation(Operation("directory", "own-clinician", OfPatient, OwnClinician, roles=RECORD))
PRIVACY = frozenset({Role.PATIENT, Role.PRIVACY_OFFICER})
REQUEST_ERASURE = operation(
    Operation("directory", "request-erasure", RequestErasure, ErasureState, command=True, roles=PRIVACY),
)
WITHDRAW_ERASURE = operation(
    Operation("directory", "withdraw-erasure", OfErasure, ErasureState, command=True, roles=PRIVACY),
)
APPROVE_ERASURE = operation(
    Operation(
        "directory",
        "approve-erasure",
        OfErasure,
        ErasureState,
        command=True,
        roles=frozenset({Role.PRIVACY_OFFICER}),
    ),
)
ERASURES = operation(Operation("directory", "erasures", AskErasures, Erasures, roles=PRIVACY))
