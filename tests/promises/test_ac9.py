"""AC9: a price shown is locked; nothing above it is charged; given up, it costs nothing; a receipt for FSA and HSA."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from pypdf import PdfReader

from tests.messaging.consulting import CALM, DIAGNOSIS, PLAN, STEPS, UTI

if TYPE_CHECKING:
    from tests.promises.conftest import Practice

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.xdist_group("promises")]

BEN = "c1111c00-0000-4000-8000-000000000002"


async def told(practice: Practice, path: str, body: dict[str, Any], who: str = "patient") -> dict[str, Any]:
    """The answer to a command."""
    answered = await practice.command(path, body, who=who)
    assert answered.status == 200, answered.body
    return dict(answered.json)


def charges_of(practice: Practice) -> str:
    return f"/v1/patients/{practice.patient}/charges"


async def booked(practice: Practice) -> tuple[dict[str, Any], dict[str, Any]]:
    """The offer taken, and the price that is locked for it."""
    offers = await told(practice, "/v1/offers", {"reason": "a rash", "clinician": BEN})
    offer = offers["offers"][0]
    appointment = (await told(practice, "/v1/appointments", {"offer": offer["offer"]}))["appointment"]
    return {**offer, "appointment": appointment}, await price(practice, appointment)


async def price(practice: Practice, appointment: str) -> dict[str, Any]:
    """The price of the appointment, once everything that happened has been heard."""
    await practice.stack.quiet()
    shown = (await practice.get(f"/v1/appointments/{appointment}")).json
    answered = await practice.get(f"/v1/quotes/{shown['quote']}")
    assert answered.status == 200, answered.body
    return dict(answered.json)


async def seen(practice: Practice, appointment: str) -> None:
    """The visit takes place."""
    visits = (await practice.get(f"/v1/patients/{practice.patient}/visits")).json["visits"]
    visit = {"visit": next(one["visit"] for one in visits if one["appointment"] == appointment)}
    await told(practice, "/v1/visits/check-in", {"appointment": appointment})
    await told(practice, "/v1/visits/start", visit, "ben-whitfield")
    await told(practice, "/v1/visits/end", {**visit, "follow_up": False}, "ben-whitfield")


async def test_ac9_the_price_shown_is_locked_charged_and_receipted(practice: Practice) -> None:
    offer, locked = await booked(practice)
    assert (locked["status"], locked["cents"]) == ("locked", offer["price_cents"])
    assert locked["case"] == offer["appointment"]
    await seen(practice, offer["appointment"])
    assert (await price(practice, offer["appointment"]))["status"] == "charged"
    (charge,) = (await practice.get(charges_of(practice))).json["charges"]
    assert (charge["cents"], charge["voided_at"]) == (offer["price_cents"], None)
    assert sum(line["cents"] for line in charge["lines"]) == charge["cents"]
    receipt = await practice.get(f"/v1/charges/{charge['charge']}/receipt")
    assert (receipt.status, receipt.headers["Content-Type"]) == (200, "application/pdf")
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(receipt.body)).pages)
    dollars = f"${offer['price_cents'] / 100:,.2f}"
    practice_says = ("Baton Sample Practice", "2300 Mission Street, San Francisco", "Payment is not collected")
    for said in (practice.name, "Ben Whitfield, MD", "Date of service", *practice_says, charge["lines"][0]["what"]):
        assert said in text, said
    assert text.count(dollars) == 2, "the line and the total"
    for clinician in ("ben-whitfield", "chen-liu"):
        assert (await practice.get(charges_of(practice), who=clinician)).status == 403
    others = await practice.get(f"/v1/charges/{charge['charge']}/receipt", who="jonas-weber")
    assert (others.status, others.code) == (404, "no-such-charge")


async def test_ac9_what_is_given_back_costs_nothing(practice: Practice) -> None:
    offer, _ = await booked(practice)
    before = (await practice.get(charges_of(practice))).json["charges"]
    await told(practice, "/v1/appointments/cancel", {"appointment": offer["appointment"]})
    given_up = await price(practice, offer["appointment"])
    assert (given_up["status"], given_up["void_reason"]) == ("voided", "cancelled")
    assert (await practice.get(charges_of(practice))).json["charges"] == before


async def test_ac9_a_charge_that_support_gives_up_is_marked_so(practice: Practice) -> None:
    offer, _ = await booked(practice)
    await seen(practice, offer["appointment"])
    await practice.stack.quiet()
    charges = (await practice.get(charges_of(practice))).json["charges"]
    charge = next(one["charge"] for one in charges if one["case"] == offer["appointment"])
    voided = await told(practice, "/v1/charges/void", {"charge": charge, "reason": "entered-in-error"}, "sam-porter")
    assert voided["charge"] == charge
    assert set(voided) == {"charge", "voided_at"}, "support sees nothing of what it was for"
    receipt = await practice.get(f"/v1/charges/{charge}/receipt")
    assert "VOID" in PdfReader(BytesIO(receipt.body)).pages[0].extract_text()


async def consult(practice: Practice) -> tuple[str, dict[str, Any]]:
    """A consult asked of Ben at the price that he was shown with."""
    shown = await told(practice, "/v1/consults/offers", {"patient": practice.patient, "condition": UTI})
    offer = next(one for one in shown["offers"] if one["clinician"] == BEN)
    assert await of_quote(practice, offer["offer"]) == ("open", offer["price_cents"])
    answers = msgspec.to_builtins(CALM)
    asked = await told(practice, "/v1/consults", {"offer": offer["offer"], "answers": answers})
    assert await of_quote(practice, offer["offer"]) == ("locked", offer["price_cents"])
    return asked["consult"], offer


async def of_quote(practice: Practice, quote: str) -> tuple[str, int]:
    """Where a price stands, and what it is."""
    answered = await practice.get(f"/v1/quotes/{quote}")
    assert answered.status == 200, answered.body
    return answered.json["status"], answered.json["cents"]


async def test_ac9_a_consult_is_charged_with_its_plan_at_the_price_shown(practice: Practice) -> None:
    asked, offer = await consult(practice)
    plan = {"consult": asked, "version": 1, "diagnosis": DIAGNOSIS, "plan": PLAN, "steps": STEPS}
    await told(practice, "/v1/consults/plan", plan, "ben-whitfield")
    await told(practice, "/v1/consults/plan", {**plan, "version": 2}, "ben-whitfield")
    await practice.stack.quiet()
    assert await of_quote(practice, offer["offer"]) == ("charged", offer["price_cents"])
    charges = [one for one in (await practice.get(charges_of(practice))).json["charges"] if one["case"] == asked]
    assert [(one["quote"], one["cents"]) for one in charges] == [(offer["offer"], offer["price_cents"])]
    receipt = await practice.get(f"/v1/charges/{charges[0]['charge']}/receipt")
    assert f"${offer['price_cents'] / 100:,.2f}" in PdfReader(BytesIO(receipt.body)).pages[0].extract_text()


async def test_ac9_a_consult_that_is_treated_elsewhere_costs_nothing(practice: Practice) -> None:
    asked, offer = await consult(practice)
    refused = {"consult": asked, "reason": "Better seen in person", "offers": "provider"}
    await told(practice, "/v1/consults/decline", refused, "ben-whitfield")
    await practice.stack.quiet()
    assert await of_quote(practice, offer["offer"]) == ("voided", offer["price_cents"])
    assert (await practice.get(f"/v1/quotes/{offer['offer']}")).json["void_reason"] == "routed-elsewhere"
    assert asked not in {one["case"] for one in (await practice.get(charges_of(practice))).json["charges"]}
