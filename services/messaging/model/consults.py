"""A consult: where it stands, who may do what with it, and what is refused."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from services.messaging.model.people import of_team
from shared.errors import Conflict, Invalid, NotFound, Refusal
from shared.requests.consults import ConsultStatus

OFFER_LASTS = timedelta(minutes=30)
ANSWER_WITHIN = timedelta(hours=4)
"""How long a request may wait where too few answers were given to measure (design, section 4)."""
CONFIRMED_WITHIN = timedelta(minutes=15)

UNTREATED = frozenset({ConsultStatus.REQUESTED, ConsultStatus.ANSWERED})
IN_CARE = UNTREATED | {ConsultStatus.TREATED}
GIVEN_UP = frozenset({ConsultStatus.DECLINED, ConsultStatus.WITHDRAWN})


@dataclass(frozen=True, kw_only=True)
class OfferRow:
    """A provider offered to a patient for a condition; its id is its quote's. `used` when it became a consult."""

    id: UUID
    patient: UUID
    clinician: UUID
    author: UUID
    sealed: bytes
    reply_minutes: int | None
    instead_of: UUID | None
    made_at: datetime
    lapses_at: datetime
    used: bool = False
    erased: bool = False

    @property
    def answer_within(self) -> timedelta:
        """The reply time shown with it."""
        return ANSWER_WITHIN if self.reply_minutes is None else timedelta(minutes=self.reply_minutes)


@dataclass(frozen=True, kw_only=True)
class ConsultRow:
    """A consult.

    `assigned` sees to it, `joined` is who was called because of it, by `owner`; `ended_at` is when its days were over.
    """

    id: UUID
    offer: UUID
    patient: UUID
    clinician: UUID
    told_by: UUID
    requested_by: UUID
    sealed: bytes
    status: ConsultStatus
    version: int = 0
    thread: UUID | None = None
    relationship: UUID | None = None
    instead_of: UUID | None = None
    person_request: UUID | None = None
    requested_at: datetime
    answer_due: datetime | None = None
    answered_at: datetime | None = None
    answered_by: UUID | None = None
    treated_at: datetime | None = None
    declined_at: datetime | None = None
    declined_by: UUID | None = None
    decline_offers: Literal["provider", "visit", "person"] | None = None
    decline_reason: bytes | None = None
    withdrawn_at: datetime | None = None
    assigned: UUID | None = None
    joined: UUID | None = None
    owner: str | None = None
    erased: bool = False
    ended_at: datetime | None = None

    @property
    def stands(self) -> ConsultStatus:
        """Where it stands, the end of its days counted."""
        return ConsultStatus.ENDED if self.ended_at is not None else self.status

    def proven(self, person: UUID, teams: frozenset[str]) -> bool:
        """Whether its own rows let somebody of the practice in who is in these teams.

        Who sees to it, and who was called because of it, as long as they are of a team that is.
        """
        if person == self.patient:
            return False
        return person == self.assigned or (person == self.joined and of_team(self.owner or "", teams))


def derived(secret: bytes, label: str, of: UUID) -> UUID:
    """An id that is the same each time, so that what was begun before a crash is found after it."""
    return UUID(bytes=hmac.digest(secret, f"baton/messaging/{label}".encode() + of.bytes, "sha256")[:16], version=4)


def age_on(day: date, born: date) -> int:
    """Completed years of life; who is born on February 29 turns a year older on March 1."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class NoSuchConsult(NotFound):
    """There is no such consult that you can open. Look at your consults, or ask the practice."""

    code = "no-such-consult"


class NoSuchOffer(NotFound):
    """There is no such offer for you. Ask who treats the condition, and choose one of them."""

    code = "no-such-offer"


class ConsultIsRequested(Invalid):
    """A consult begins by taking a provider's offer. Ask who treats the condition, or open a conversation instead."""

    code = "consult-is-requested"


class UnknownCondition(Invalid):
    """The practice treats nothing of this name by message. Look at the catalogue, or book a visit."""

    code = "unknown-condition"


class ConsultOfferLapsed(Refusal):
    """This offer has lapsed, and nothing was charged. Ask who treats the condition again; answers can be sent again."""

    status = 410
    code = "consult-offer-lapsed"


class ConsultOfferUsed(Conflict):
    """This offer was taken already. Look at your consults, or ask who treats the condition again."""

    code = "consult-offer-used"


class NotForPatient(Conflict):
    """This is not treated by message at this age or in this state; `visit` is what you can book instead."""

    code = "not-treated-by-message"


class ProviderNotLicensed(Conflict):
    """This clinician may not treat the patient where they are. Ask who may, and choose one of them."""

    code = "provider-not-licensed"


class AnswersMissing(Invalid):
    """Some questions are still to be answered; they are named in `missing`. Answer them and send all answers again."""

    code = "answers-missing"


class ConsultStands(Conflict):
    """This consult has not been declined or withdrawn, so that nobody can take its place. Withdraw it first."""

    code = "consult-stands"


class ConsultNotOpen(Conflict):
    """This consult does not allow it where it stands now; `state` says where that is."""

    code = "consult-not-open"


class PlanVersionTaken(Conflict):
    """The plan has come to another version: `newest` is there already. Look at it, and give the one after it."""

    code = "plan-version-taken"


class PlanSuperseded(Conflict):
    """This is not the newest version of the plan. Read version `newest`, and acknowledge that one."""

    code = "plan-superseded"
