"""What other services are asked for a consult, as messaging itself and within the time the caller has."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from services.messaging.model.consults import age_on
from shared.practice.forms import not_for
from shared.requests import Answer, Ask
from shared.requests.common import OfPatient
from shared.requests.directory import CLINICIANS, PATIENT, FindClinicians

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from services.messaging.operations.ground import MessagingGround
    from shared.call import Call
    from shared.practice import Practice
    from shared.practice.conditions import Condition
    from shared.practice.forms import NotFor
    from shared.requests import Operation
    from shared.requests.directory import ClinicianCard, PatientCard

Q = TypeVar("Q", bound=Ask)
A = TypeVar("A", bound=Answer)


async def as_messaging(ground: MessagingGround, call: Call, op: Operation[Q, A], ask: Q, *, key: str = "") -> A:
    """Ask another service as messaging itself; a command goes under a key that a repeat of the call has too."""
    left = (call.deadline - ground.bus.clock()).total_seconds()
    return await ground.bus.call_as_self(op, ask, cause=call.cause, key=key, seconds=left)


async def patient_card(ground: MessagingGround, call: Call, patient: UUID) -> PatientCard:
    """Where the patient lives, and when they were born."""
    return await as_messaging(ground, call, PATIENT, OfPatient(patient=patient))


async def who_may_treat(
    ground: MessagingGround, call: Call, patient: UUID, clinician: UUID | None = None
) -> list[ClinicianCard]:
    """Those licensed now where the patient is; of all, or only this clinician."""
    wanted = FindClinicians(patient=patient, at=call.now, clinician=clinician)
    return (await as_messaging(ground, call, CLINICIANS, wanted)).clinicians


async def cards(ground: MessagingGround, call: Call, clinicians: Iterable[UUID]) -> dict[UUID, ClinicianCard]:
    """Name, credential and licences of these clinicians."""
    wanted = [FindClinicians(clinician=one) for one in clinicians]
    found = await asyncio.gather(*(as_messaging(ground, call, CLINICIANS, one) for one in wanted))
    return {card.clinician: card for answer in found for card in answer.clinicians}


def against(condition: Condition, patient: PatientCard, practice: Practice, now: datetime) -> list[NotFor]:
    """Why the patient is not treated by message, by their age on this day where they live and by their state."""
    age = age_on(now.astimezone(ZoneInfo(patient.time_zone)).date(), patient.birth_date)
    return not_for(condition, age=age, state=patient.state, practice_states=practice.states)
