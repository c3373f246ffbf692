"""What of a consult rests sealed, all under the patient's own group: the offer's condition, intake, plans, reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.messaging.model.intake import Intake
from shared.requests.consults import Plan
from shared.sealing import Kind

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg

    from services.messaging.model.consults import ConsultRow, OfferRow
    from services.messaging.operations.ground import MessagingGround
    from shared.requests.consults import GivePlan
    from shared.sealing import GroupKeys


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of the plan says."""

    diagnosis: str
    plan: str
    steps: list[str]


async def keys_of(ground: MessagingGround, patient: UUID) -> GroupKeys:
    """The keys of the patient's consults."""
    return await ground.sealing.keys(patient, patient)


def seal_condition(keys: GroupKeys, offer: UUID, author: UUID, condition: str) -> bytes:
    """What an offer was made for."""
    return keys.seal(condition.encode(), kind=Kind.OFFER_SET, object=offer, author=author)


def condition_of(keys: GroupKeys, offer: OfferRow) -> str:
    """What an offer was made for."""
    return keys.open(offer.sealed, kind=Kind.OFFER_SET, object=offer.id, author=offer.author).decode()


def seal_intake(keys: GroupKeys, consult: UUID, told_by: UUID, intake: Intake) -> bytes:
    """What was told for a consult."""
    return keys.seal(msgspec.json.encode(intake), kind=Kind.INTAKE, object=consult, author=told_by)


def intake_of(keys: GroupKeys, consult: ConsultRow) -> Intake:
    """What was told for a consult."""
    plain = keys.open(consult.sealed, kind=Kind.INTAKE, object=consult.id, author=consult.told_by)
    return msgspec.json.decode(plain, type=Intake)


def seal_plan(keys: GroupKeys, author: UUID, ask: GivePlan) -> bytes:
    """A version of the plan."""
    written = Written(diagnosis=ask.diagnosis, plan=ask.plan, steps=ask.steps)
    return keys.seal(
        msgspec.json.encode(written), kind=Kind.PLAN, object=ask.consult, author=author, sequence=ask.version
    )


def plan_of(keys: GroupKeys, consult: UUID, row: asyncpg.Record) -> Plan:
    """A version of the plan."""
    plain = keys.open(row["sealed"], kind=Kind.PLAN, object=consult, author=row["author"], sequence=row["version"])
    written = msgspec.json.decode(plain, type=Written)
    return Plan(
        version=row["version"],
        diagnosis=written.diagnosis,
        plan=written.plan,
        steps=written.steps,
        author=row["author"],
        at=row["at"],
        acknowledged_by=row["acknowledged_by"],
        acknowledged_at=row["acknowledged_at"],
    )


def seal_reason(keys: GroupKeys, consult: UUID, author: UUID, reason: str) -> bytes:
    """Why it was declined."""
    return keys.seal(reason.encode(), kind=Kind.REASON, object=consult, author=author)


def reason_of(keys: GroupKeys, consult: ConsultRow) -> str:
    """Why it was declined."""
    assert consult.decline_reason is not None
    assert consult.declined_by is not None
    plain = keys.open(consult.decline_reason, kind=Kind.REASON, object=consult.id, author=consult.declined_by)
    return plain.decode()
