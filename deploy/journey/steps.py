"""The steps of the journey, in order; each asks as an app would and checks what came of it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from deploy.journey.app import NotHeld, Person, patiently
from deploy.journey.live import Live
from deploy.journey.walk import (
    ANSWER,
    BORN,
    FOLLOW_UP,
    LAST_WORD,
    OFFICE,
    OWN_CLINICIAN,
    OWN_PHARMACY,
    PAID_FOR,
    REASON,
    Walk,
    hold,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

OFFERED_LATER = "care.offer"
"""What is due for a patient is offered within weeks, not on the day it is found."""

Step = tuple[str, "Callable[[Walk], Awaitable[None]]"]
STEPS: list[Step] = []


def step(title: str) -> Callable[[Callable[[Walk], Awaitable[None]]], Callable[[Walk], Awaitable[None]]]:
    """Add a step to the journey."""

    def add(walk: Callable[[Walk], Awaitable[None]]) -> Callable[[Walk], Awaitable[None]]:
        STEPS.append((title, walk))
        return walk

    return add


@step("The front desk takes on a patient in California, who signs in")
async def sign_in(walk: Walk) -> None:
    desk = await walk.person("fern-dale")
    taken_on = await desk.post(
        "/v1/patients",
        name="Maria Lopez",
        birth_date=BORN.isoformat(),
        state="CA",
        time_zone="America/Los_Angeles",
        latitude=37.7599,
        longitude=-122.4148,
        own_clinician=OWN_CLINICIAN,
    )
    patient = walk.keep("patient", taken_on["patient"])
    name = f"patient-{secrets.token_hex(4)}"
    await patiently(lambda: invite(walk, desk, name, str(patient)))
    walk.people["patient"] = await Person.signed_in(walk.http, walk.url, name, walk.password)
    hold(walk.patient.id == patient, "the patient signed in as somebody else")
    walk.live = await Live(walk.patient).__aenter__()
    await walk.patient.post("/v1/pharmacy-preferences", pharmacy=OWN_PHARMACY)


async def invite(walk: Walk, desk: Person, name: str, person: str) -> None:
    """Have the sign-in service know the new patient, as a practice's own identity provider would."""
    headers = {"Authorization": f"Bearer {desk.token}"}
    body = {"name": name, "person": person, "roles": ["patient"], "password": walk.password}
    async with walk.http.post(f"{walk.url}/oidc/accounts", json=body, headers=headers) as answer:
        hold(answer.status in {200, 201}, f"the sign-in service refused the account: {answer.status}")


@step("They say why, and see emergency guidance first, then offers")
async def say_why(walk: Walk) -> None:
    offers = await walk.patient.post("/v1/offers", reason=REASON, kind="office", office=OFFICE)
    hold(offers["emergency"], "no emergency guidance came with the offers")
    fitting = [offer for offer in offers["offers"] if offer["office"] == OFFICE and offer["clinician"] != OWN_CLINICIAN]
    hold(fitting, "no offer at the San Francisco office")
    walk.offer = min(fitting, key=lambda offer: str(offer["start"]))


@step("They book with one more request, at another office, with a clinician who never met them")
async def book(walk: Walk) -> None:
    booked = await walk.patient.post("/v1/appointments", offer=walk.offer["offer"])
    appointment = walk.keep("appointment", booked["appointment"])
    await walk.app.until("appointment.booked", appointment=appointment)
    await walk.app.until("handoff.opened", name="visit.prepare", case=appointment)


@step("Guidance for the visit arrives")
async def guidance(walk: Walk) -> None:
    sent = await walk.app.until("guidance.sent", appointment=walk.ids["appointment"])
    visit = walk.keep("visit", sent["data"]["visit"])
    seen = await walk.patient.get(f"/v1/visits/{visit}")
    hold(seen["guidance"], "the guidance is empty")
    await walk.app.until("handoff.closed", name="visit.prepare", case=walk.ids["appointment"])


@step("They check in, and a room is owed within minutes")
async def check_in(walk: Walk) -> None:
    await walk.patient.post("/v1/visits/check-in", appointment=walk.ids["appointment"])
    opened = await walk.app.until("handoff.opened", name="visit.room", case=walk.ids["appointment"])
    hold(opened["data"]["owner"] == f"team:room:{OFFICE}", "the room is not owed by the office's room team")


@step("The room team takes the handoff")
async def room(walk: Walk) -> None:
    nurse = await walk.person("noor-haddad")
    mine = await work_of(nurse, "visit.room", walk.ids["appointment"])
    await nurse.post("/v1/handoffs/accept", handoff=mine["handoff"])
    await walk.app.until("handoff.accepted", handoff=mine["handoff"])


@step("The clinician starts the visit with the reason and the whole story in front of them")
async def start(walk: Walk) -> None:
    clinician = await walk.person("ben-whitfield")
    hold(str(clinician.id) == walk.offer["clinician"], "the visit was booked with somebody else")
    appointment = await clinician.get(f"/v1/appointments/{walk.ids['appointment']}")
    hold(appointment["reason"] == REASON, "the reason is not what the patient wrote")
    await patiently(lambda: whole_story(clinician, walk.ids["patient"]))
    await clinician.post("/v1/visits/start", visit=walk.ids["visit"])
    await walk.app.until("handoff.closed", name="visit.room", case=walk.ids["appointment"])


@step("They see that a flu shot is due and order it")
async def order(walk: Walk) -> None:
    clinician = await walk.person("ben-whitfield")
    due = await clinician.get(f"/v1/patients/{walk.ids['patient']}/due")
    hold(any(item["code"] == "flu-shot" for item in due["due"]), "no flu shot is due")
    placed = await clinician.post("/v1/orders/place", visit=walk.ids["visit"], code="flu-shot")
    await walk.app.until("handoff.opened", name="visit.order", case=walk.keep("order", placed["order"]))


@step("The lab tech accepts and completes the order")
async def lab(walk: Walk) -> None:
    tech = await walk.person("luis-ortega")
    orders = await tech.get("/v1/orders")
    hold(any(order["order"] == str(walk.ids["order"]) for order in orders["orders"]), "the lab does not see the order")
    await tech.post("/v1/orders/accept", order=walk.ids["order"])
    await tech.post("/v1/orders/complete", order=walk.ids["order"], lot="FL-2026-118")
    await walk.app.until("handoff.closed", name="visit.order", case=walk.ids["order"])


@step("The visit ends with its summary written and a follow-up owed this evening")
async def end(walk: Walk) -> None:
    clinician = await walk.person("ben-whitfield")
    over = await clinician.post("/v1/visits/end", visit=walk.ids["visit"], follow_up=True)
    hold(over["follow_up_due"], "no follow-up is owed")
    opened = await walk.app.until("handoff.opened", name="visit.follow-up", case=walk.ids["visit"])
    hold(opened["data"]["owner"] == f"clinician:{clinician.id}", "the follow-up is not the clinician's own")
    steps = [{"who": "You", "what": "Rest, and call us if the pain comes back"}]
    text = "Chest pain, most likely muscular. Tracing normal."
    await clinician.post("/v1/visits/summarise", visit=walk.ids["visit"], summary=text, next_steps=steps)
    await walk.app.until("handoff.closed", name="visit.summarise", case=walk.ids["visit"])
    seen = await walk.patient.get(f"/v1/visits/{walk.ids['visit']}")
    hold(seen["summary"] == text, "the patient does not read the summary")


@step("The visit is charged at the price they were shown, and they keep its itemised receipt")
async def receipt(walk: Walk) -> None:
    recorded = await walk.app.until("charge.recorded")
    charge = recorded["data"]["charge"]
    shown = await walk.patient.get(f"/v1/patients/{walk.ids['patient']}/charges")
    mine = [one for one in shown["charges"] if one["charge"] == charge]
    hold(mine, "the patient does not see the charge")
    hold(mine[0]["case"] == str(walk.ids["appointment"]), "something else than the visit was charged")
    hold(mine[0]["cents"] == walk.offer["price_cents"], "the charge is not the price that was shown")
    hold([line["what"] for line in mine[0]["lines"]] == [PAID_FOR], "the charge does not say what it is for")
    paper = await walk.patient.download(f"/v1/charges/{charge}/receipt")
    hold(paper.startswith(b"%PDF-"), "the receipt is no PDF")


@step("The clinician writes the follow-up by hand in an encrypted thread; the patient reads it live")
async def follow_up(walk: Walk) -> None:
    clinician = await walk.person("ben-whitfield")
    owed = await patiently(lambda: owed_to(clinician, walk))
    hold(owed, "the clinician does not see the follow-up as theirs")
    thread = walk.keep("thread", (await clinician.post("/v1/threads", patient=walk.ids["patient"]))["thread"])
    await clinician.post("/v1/messages", thread=thread, text=FOLLOW_UP, follow_up_of=walk.ids["visit"])
    sent = await walk.app.until("message.sent", thread=thread, author_party="staff")
    await walk.app.until("handoff.closed", name="visit.follow-up", case=walk.ids["visit"])
    hold(await texts(walk.patient, thread) == [FOLLOW_UP], "the patient does not read what was written")
    await walk.patient.post("/v1/threads/read", thread=thread, sequence=sent["data"]["thread_sequence"])


@step("The patient answers, and an answer is owed to them")
async def answer(walk: Walk) -> None:
    await walk.patient.post("/v1/messages", thread=walk.ids["thread"], text=ANSWER)
    await walk.app.until("handoff.opened", name="thread.reply", case=walk.ids["thread"])


@step("The clinician's answer closes the reply handoff")
async def reply(walk: Walk) -> None:
    clinician = await walk.person("ben-whitfield")
    hold(await texts(clinician, walk.ids["thread"]) == [ANSWER, FOLLOW_UP], "the clinician does not read the answer")
    await clinician.post("/v1/messages", thread=walk.ids["thread"], text=LAST_WORD)
    await walk.app.until("handoff.closed", name="thread.reply", case=walk.ids["thread"])


@step("The clinician signs a prescription, and it goes to the patient's own pharmacy")
async def prescribe(walk: Walk) -> None:
    clinician = await walk.person("ben-whitfield")
    signed = await clinician.post(
        "/v1/prescriptions",
        patient=walk.ids["patient"],
        medication="naproxen-500",
        dosage="Take one tablet by mouth twice a day with food",
        quantity=20,
        refills=1,
        visit=walk.ids["visit"],
    )
    hold(signed["pharmacy"] == OWN_PHARMACY, "it went elsewhere than to the patient's own pharmacy")
    walk.keep("prescription", signed["prescription"])
    walk.keep("routing", signed["routing"])
    await walk.app.until("prescription.routed", routing=signed["routing"])


@step("The pharmacy has none; the practice moves it to the next pharmacy, and the patient is asked nothing")
async def moved(walk: Walk) -> None:
    raised = await walk.app.until("problem.raised", prescription=walk.ids["prescription"])
    hold(raised["data"]["problem_kind"] == "out-of-stock", "the problem is another")
    rerouted = await walk.app.until("prescription.rerouted", routing=walk.ids["routing"])
    routing = walk.keep("routing", rerouted["data"]["next_routing"])
    await walk.app.until("prescription.acknowledged", routing=routing)
    await walk.app.until("handoff.closed", name="rx.resolve", case=raised["data"]["problem"])


@step("It is filled and picked up")
async def picked_up(walk: Walk) -> None:
    await collected(walk)


@step("The patient refills it in two requests")
async def refill(walk: Walk) -> None:
    shown = await walk.patient.get("/v1/refills")
    prescription = str(walk.ids["prescription"])
    mine = next((refill for refill in shown["refills"] if refill["prescription"] == prescription), None)
    if mine is None:
        raise NotHeld("the prescription is not among what can be refilled")
    hold(mine["price_cents"] > 0, "no price is shown")
    sent = await walk.patient.post("/v1/refills", prescription=prescription)
    hold(sent["pharmacy"] == mine["pharmacy"], "it went elsewhere than shown")
    walk.keep("routing", sent["routing"])
    await collected(walk)


@step("No handoff of the day is open, and the trail tells the whole day in plain sentences")
async def trail(walk: Walk) -> None:
    told = await walk.patient.get(f"/v1/patients/{walk.ids['patient']}/trail")
    still = [handoff["name"] for handoff in told["open"] if handoff["name"] != OFFERED_LATER]
    hold(not still, f"still open: {still}")
    closed = {step["name"] for step in told["steps"] if step["step"] == "closed"}
    for name in ("visit.prepare", "visit.room", "visit.order", "visit.follow-up", "thread.reply", "rx.resolve"):
        hold(name in closed, f"the trail does not tell how {name} ended")
    hold(all(step["sentence"].strip() for step in told["steps"]), "a step has no sentence")
    looks = await walk.patient.get(f"/v1/patients/{walk.ids['patient']}/accesses")
    actors = {look["actor"] for look in looks["accesses"]}
    hold(str(walk.people["ben-whitfield"].id) in actors, "the patient does not see that the clinician looked")


async def work_of(person: Person, name: str, case: object) -> dict[str, Any]:
    """That piece of work among what the person sees as owed."""
    work = await person.get("/v1/handoffs")
    for handoff in work["work"]:
        if handoff["name"] == name and handoff["case"] == str(case):
            return dict(handoff)
    raise NotHeld(f"{person.name} does not see {name} among the open work")


async def whole_story(person: Person, patient: UUID) -> None:
    """Look at the story; a part that is missing because its service is away is asked for again."""
    story = await person.get(f"/v1/patients/{patient}/story")
    if story["missing"]:
        raise TimeoutError


async def owed_to(clinician: Person, walk: Walk) -> bool:
    """Whether the clinician's list of follow-ups shows this visit; asked again while it is on its way."""
    owed = await clinician.get("/v1/follow-ups")
    if not any(item["visit"] == str(walk.ids["visit"]) for item in owed["follow_ups"]):
        raise TimeoutError
    return True


async def texts(person: Person, thread: object) -> list[str]:
    """What the thread says to that person, newest first."""
    page = await person.get(f"/v1/threads/{thread}/messages")
    return [message["text"] for message in page["messages"]]


async def collected(walk: Walk) -> None:
    """Wait until the present routing is ready and picked up, and nothing is owed for it."""
    routing = walk.ids["routing"]
    await walk.app.until("fill.ready", routing=routing)
    await walk.app.until("fill.picked-up", routing=routing)
    await walk.app.until("handoff.closed", name="rx.fill", case=routing)
    await walk.app.until("handoff.closed", name="rx.pick-up", case=routing)
