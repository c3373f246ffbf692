"""What a practice is, as data that it edits itself: offices, people, hours, prices, pharmacies, rules."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from baton_events.codes import VisitKind
from shared.identity.people import Role
from shared.practice.conditions import Condition
from shared.practice.entry import Entry
from shared.requests.common import Cents, Code, State, TimeOfDay

Degrees = Annotated[float, Meta(ge=-180, le=180)]


class Room(Entry, frozen=True, kw_only=True):
    """A room of an office where a clinician sees a patient; `code` is its own within the office."""

    code: Code
    name: str
    kind: Code


class Office(Entry, frozen=True, kw_only=True):
    """A place of the practice. Its lab, room and front-desk teams are named after its id.

    `guidance` is what the patient reads before coming there, beside what the kind of visit asks for.
    """

    id: UUID
    name: str
    address: str
    state: State
    time_zone: str
    latitude: Degrees
    longitude: Degrees
    phone: str
    rooms: list[Room] = []
    guidance: list[str] = []


class Holiday(Entry, frozen=True, kw_only=True):
    """A day on which weekly hours do not count, at every office or at one."""

    day: date
    name: str
    office: UUID | None = None


class Away(Entry, frozen=True, kw_only=True):
    """A clinician is away from `begins` on the `first` day to `ends` on the `last`, by each office's clock."""

    first: date
    last: date | None = None
    begins: TimeOfDay = "00:00"
    ends: TimeOfDay = "24:00"


class ExtraHours(Entry, frozen=True, kw_only=True):
    """Hours of one day beside the weekly ones, local to the office; they count also on a holiday."""

    office: UUID
    day: date
    opens: TimeOfDay
    closes: TimeOfDay


class Hours(Entry, frozen=True, kw_only=True):
    """Weekly hours of a clinician at an office, local to it; `weekdays` by ISO 8601, 1 is Monday."""

    office: UUID
    weekdays: list[Annotated[int, Meta(ge=1, le=7)]]
    opens: TimeOfDay
    closes: TimeOfDay


class Licence(Entry, frozen=True, kw_only=True):
    """A licence to practise in a state, to the end of `expires`."""

    state: State
    number: str
    expires: date


class Staff(Entry, frozen=True, kw_only=True):
    """A member of staff. `credential` (MD, NP, PA) only for clinicians; `prescribes` when it carries that authority.

    `consults`: they treat by message, at the price of the condition unless `consult_prices` has their own for it.
    """

    id: UUID
    name: str
    roles: list[Role]
    teams: list[str]
    time_zone: str
    credential: str | None = None
    specialty: Code | None = None
    prescribes: bool = False
    video: bool = False
    consults: bool = False
    consult_prices: dict[Code, Cents] = {}
    licences: list[Licence] = []
    hours: list[Hours] = []
    extra_hours: list[ExtraHours] = []
    away: list[Away] = []


class Shift(Entry, frozen=True, kw_only=True):
    """Who is on call for video, weekly, in `time_zone`."""

    clinician: UUID
    weekdays: list[Annotated[int, Meta(ge=1, le=7)]]
    opens: TimeOfDay
    closes: TimeOfDay
    time_zone: str


class SupportHours(Entry, frozen=True, kw_only=True):
    """When support answers, weekly, in `time_zone`; `weekdays` by ISO 8601, 1 is Monday."""

    weekdays: list[Annotated[int, Meta(ge=1, le=7)]]
    opens: TimeOfDay
    closes: TimeOfDay
    time_zone: str


class Patient(Entry, frozen=True, kw_only=True):
    """A patient known from the start."""

    id: UUID
    name: str
    birth_date: date
    state: State
    time_zone: str
    latitude: Degrees
    longitude: Degrees
    own_clinician: UUID | None = None
    pharmacy: UUID | None = None
    farthest_kilometres: int = 25
    proxies: list[UUID] = []


class VisitType(Entry, frozen=True, kw_only=True):
    """A kind of visit with its length and price; `phrases` in a reason choose it.

    The minutes before and after are the clinician's, not the patient's. In an office it needs a room of the kind in
    `room`, or any. With `follow_up` the clinician writes to the patient that evening also when nobody asked for it.
    """

    code: Code
    name: str
    minutes: Annotated[int, Meta(ge=5, le=240)]
    before_minutes: Annotated[int, Meta(ge=0, le=120)] = 0
    after_minutes: Annotated[int, Meta(ge=0, le=120)] = 0
    room: Code | None = None
    kinds: list[VisitKind]
    price_cents: Cents
    specialties: list[Code]
    guidance: list[str]
    phrases: list[str] = []
    follow_up: bool = False


class Sign(Entry, frozen=True, kw_only=True):
    """Words of one kind of emergency and the public page that names it; shared/emergency/patterns.py tells how.

    The parts of what is `said` stand `within` so many words, fillers not counted. A `named` sign does not count where
    it is only asked.
    """

    kind: Code
    source: str
    said: list[str]
    within: Annotated[int, Meta(ge=1, le=40)] = 8
    named: bool = False


class Unless(Entry, frozen=True, kw_only=True):
    """Words that keep a sign from counting: denied, of the past, asked about, or part of `other` things."""

    denials: list[str]
    no_denials: list[str]
    carried_on: list[str]
    turns: list[str]
    subjects: list[str]
    past: list[str]
    present: list[str]
    asked: list[str]
    other: list[str]


class Emergency(Entry, frozen=True, kw_only=True, eq=False):
    """What a person is told first when the words sound like an emergency, and the signs that say so.

    `words` are lists that signs name in capitals, `fillers` single words that may stand between those of a part. It is
    equal to itself only, so that its signs are made ready once. Words without a sign count too where the second opinion
    (shared/emergency/second_opinion.py) finds an emergency likelier than `second_opinion`; 1 switches it off.
    """

    title: str
    text: str
    call: str
    words: dict[str, list[str]]
    signs: list[Sign]
    unless: Unless
    fillers: list[str] = []
    second_opinion: Annotated[float, Meta(gt=0, le=1)] = 0.92


class Orderable(Entry, frozen=True, kw_only=True):
    """Something a clinician can order from the lab team."""

    code: Code
    name: str
    minutes: int
    needs_lot: bool = False


class DueRule(Entry, frozen=True, kw_only=True):
    """Something that is due every `months` between two ages, and where the rule comes from.

    `order` settles it; without one a visit does.
    """

    code: Code
    name: str
    order: Code | None = None
    months: Annotated[int, Meta(ge=1)]
    youngest: int
    oldest: int
    why: str
    source: str


class PharmacyPartner(Entry, frozen=True, kw_only=True):
    """A pharmacy reached over signed webhooks. `{simulator}` in `url` is the stack's pharmacy simulator."""

    id: UUID
    name: str
    state: State
    latitude: Degrees
    longitude: Degrees
    url: str
    delivers: bool = False
    dispensing_fee_cents: Cents = 0


class MedicationEntry(Entry, frozen=True, kw_only=True):
    """A medication the practice prescribes. `rxnorm` is its RxNorm code, `unit` what quantity counts."""

    code: Code
    name: str
    rxnorm: str
    unit: str
    unit_cents: Cents
    controlled: bool = False


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    """A whole practice, read once at start. `travel_minutes` is what a clinician needs from one office to another.

    `video_guidance` is what the patient reads before a visit by video, in place of an office's.
    """

    id: UUID
    name: str
    states: frozenset[State]
    support_hours: list[SupportHours]
    offices: dict[UUID, Office]
    staff: dict[UUID, Staff]
    shifts: list[Shift]
    patients: dict[UUID, Patient]
    visit_types: dict[str, VisitType]
    emergency: Emergency
    orderables: dict[str, Orderable]
    due_rules: list[DueRule]
    pharmacies: dict[UUID, PharmacyPartner]
    medications: dict[str, MedicationEntry]
    conditions: dict[str, Condition]
    holidays: list[Holiday] = []
    travel_minutes: int = 0
    video_guidance: list[str] = []
