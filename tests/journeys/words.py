"""Words of every kind that people write around messages, consults, calls and bills, said once to a real practice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from deploy.journey.app import Person

if TYPE_CHECKING:
    import aiohttp

BEN = "c1111c00-0000-4000-8000-000000000002"
CONDITION = "urinary-tract-infection"
CALM: dict[str, Any] = {
    **dict.fromkeys(
        ("fever", "flank-pain", "vomiting", "confused", "blood", "pregnant", "weak-immunity", "kidney", "allergic"),
        False,
    ),
    "sex": "female",
    "last-year": {"value": 0, "unit": "times"},
    "symptoms": ["burning"],
    "days": {"value": 2, "unit": "days"},
    "medicines": "canary of the intake: magnesium at night",
}
INTAKE = CALM["medicines"]
DRAFT, FORM_DRAFT = "canary of a draft, unsent", "canary of a form half filled"
CORRECTED, SOUGHT = "canary of a correction", "canary sought in vain"
DIAGNOSIS, PLAN, STEP = "canary diagnosis of the bladder", "canary plan: drink and wait", "canary step: call on Friday"
PASSED_ON, DECLINED = "canary reason for passing on", "canary reason for declining"
ASKED, LOGGED, SEEN = "canary question for a person", "canary of a phone call", "canary reason for a call by video"
WORDS = [
    CONDITION,
    "Urinary tract infection",
    INTAKE,
    DRAFT,
    FORM_DRAFT,
    CORRECTED,
    SOUGHT,
    DIAGNOSIS,
    PLAN,
    STEP,
    PASSED_ON,
    DECLINED,
    ASKED,
    LOGGED,
    SEEN,
]


async def say_everything(http: aiohttp.ClientSession, url: str) -> None:
    """Maria and the practice's people say all of it."""
    maria, ben, sam, nurse, dana = [
        await Person.signed_in(http, url, name, "baton")
        for name in ("maria-lopez", "ben-whitfield", "sam-porter", "grace-kim", "dana-reyes")
    ]
    await _messages(maria, nurse)
    await _consults(maria, ben)
    asked = await maria.post(
        "/v1/people/requests", patient=maria.id, about="service", words=ASKED, context={"place": "home"}
    )
    await sam.post("/v1/people/requests/join", request=asked["request"])
    await sam.post("/v1/contacts", patient=maria.id, channel="phone", origin="patient", words=LOGGED, answered=True)
    call = await maria.post("/v1/video", patient=maria.id, reason=SEEN)
    await dana.post("/v1/video/connect", video=call["video"])


async def _messages(maria: Person, nurse: Person) -> None:
    thread = (await maria.post("/v1/threads", patient=maria.id))["thread"]
    sent = await maria.post("/v1/messages", thread=thread, text="a word")
    await maria.post("/v1/messages/correct", message=sent["message"], revision=0, text=CORRECTED)
    await maria.post("/v1/drafts", thread=thread, text=DRAFT)
    await maria.post("/v1/drafts", patient=maria.id, condition=CONDITION, text=FORM_DRAFT)
    await maria.post("/v1/threads/search", thread=thread, words=SOUGHT)
    await nurse.post("/v1/threads/claim", thread=thread)
    await nurse.post("/v1/threads/hand-over", thread=thread, to_team="care", reason=PASSED_ON)


async def _consults(maria: Person, ben: Person) -> None:
    consult = await _consult(maria)
    await ben.post("/v1/consults/decline", consult=consult, reason=DECLINED, offers="provider")
    again = await maria.post("/v1/consults/offers", patient=maria.id, condition=CONDITION, instead_of=consult)
    assert again["offers"]
    consult = await _consult(maria)
    await ben.post("/v1/consults/plan", consult=consult, version=1, diagnosis=DIAGNOSIS, plan=PLAN, steps=[STEP])
    await maria.post("/v1/consults/acknowledge", consult=consult, version=1)

    charge = await _charge(maria, consult)
    assert (await maria.download(f"/v1/charges/{charge}/receipt")).startswith(b"%PDF")


async def _consult(maria: Person) -> str:
    found = await maria.post("/v1/consults/offers", patient=maria.id, condition=CONDITION)
    offer = next(one["offer"] for one in found["offers"] if one["clinician"] == BEN)
    return str((await maria.post("/v1/consults", offer=offer, answers=CALM))["consult"])


async def _charge(maria: Person, consult: str) -> str:
    """The consult's charge, once billing has heard of the plan."""
    async with asyncio.timeout(30):
        while True:
            charges = (await maria.get(f"/v1/patients/{maria.id}/charges"))["charges"]
            found = [one["charge"] for one in charges if one["case"] == consult]
            if found:
                return str(found[0])
            await asyncio.sleep(0.1)
