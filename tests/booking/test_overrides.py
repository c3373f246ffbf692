from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from baton_events.booking import AvailabilityOverridden, AvailabilityOverrideLifted
from baton_events.codes import Availability
from services.booking.model.overriding import LiftedAlready, OverrideOver
from services.booking.model.refusals import TimeClosed
from shared.errors import Forbidden, Invalid, NotFound
from shared.requests.availability import (
    LIFT,
    OVERRIDE,
    OVERRIDES,
    AskOverrides,
    OfOverride,
    Overridden,
    OverrideAvailability,
)
from tests.booking.people import AMARA, BEN, DENVER, FERN, MARIA, OAKLAND, SAN_FRANCISCO
from tests.booking.visits import find, first, take
from tests.support.edited import edited
from tests.support.stack import stack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Stack

WHY = "she has the canary's flu"
HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def closing(**changed: Any) -> OverrideAvailability:
    said = {
        "clinician": BEN,
        "office": SAN_FRANCISCO,
        "availability": Availability.CLOSED,
        "start": now(),
        "end": now() + 3 * HOUR,
        "reason": WHY,
        **changed,
    }
    return OverrideAvailability(**said)


async def closed(s: Stack, who: str = "fern-dale", key: str = "", **changed: Any) -> Overridden:
    return await s.ask(OVERRIDE, closing(**changed), as_=who, key=key)


async def starts_with_ben(s: Stack) -> list[datetime]:
    return [offer.start for offer in (await find(s, clinician=BEN)).offers]


@pytest.mark.parametrize("who", ["fern-dale", "ben-whitfield"])
async def test_a_time_closed_is_not_offered_until_it_is_lifted_and_both_are_told(who: str) -> None:
    async with stack("directory", "booking") as s:
        done = await closed(s, who)
        assert done.appointments == 0
        assert min(await starts_with_ben(s)) >= now() + 3 * HOUR - timedelta(seconds=5)
        state = await s.ask(LIFT, OfOverride(override=done.override), as_=who)
        assert state.override == done.override
        assert min(await starts_with_ben(s)) < now() + HOUR
        await s.quiet()
        (told,) = await s.events(AvailabilityOverridden)
        event = told.event
        assert (event.override, event.clinician, event.office) == (done.override, BEN, SAN_FRANCISCO)
        assert event.availability is Availability.CLOSED
        (lifted,) = await s.events(AvailabilityOverrideLifted)
        assert (lifted.event.override, lifted.event.lifted_by) == (done.override, event.overridden_by)


async def test_what_is_booked_in_a_time_closed_stays_and_is_counted() -> None:
    async with stack("directory", "booking") as s:
        booked = await take(s, await first(s, clinician=BEN))
        done = await closed(s)
        assert done.appointments == 1
        standing = "SELECT status FROM appointment WHERE id = $1"
        assert await s.fetchval("booking", standing, booked.appointment) == "booked"


async def test_a_time_closed_since_it_was_offered_is_refused_with_other_offers() -> None:
    async with stack("directory", "booking") as s:
        offer = await first(s, clinician=BEN)
        await closed(s)
        with pytest.raises(TimeClosed) as refused:
            await take(s, offer)
        others = refused.value.members["offers"]
        assert others
        assert all(datetime.fromisoformat(one["start"]) >= now() + 2 * HOUR for one in others)


async def test_a_time_opened_is_offered_also_on_a_holiday_and_taken(tmp_path: Path) -> None:
    days = [(datetime.now(UTC) + timedelta(days=ahead)).date() for ahead in range(-1, 95)]
    holidays = "".join(f'[[holidays]]\nday = {day}\nname = "One more"\n' for day in days)
    variables = edited(tmp_path, [("practice.toml", "[[support_hours]]", f"{holidays}\n[[support_hours]]")])
    async with stack("directory", "booking", variables=variables) as s:
        assert (await find(s)).offers == []
        start = (now() + 30 * HOUR).replace(minute=0, second=0)
        await closed(s, availability=Availability.OPEN, start=start, end=start + HOUR)
        offers = (await find(s)).offers
        assert [offer.start for offer in offers] == [start, start + HOUR / 3, start + 2 * HOUR / 3]
        assert (await take(s, offers[0])).clinician == BEN


async def test_a_repeat_is_answered_again_and_made_once() -> None:
    async with stack("directory", "booking") as s:
        ask = closing()
        done = await s.ask(OVERRIDE, ask, as_="fern-dale", key="once")
        again = await asyncio.gather(*(s.ask(OVERRIDE, ask, as_="fern-dale", key="once") for _ in range(5)))
        assert set(again) == {done}
        assert await s.fetchval("booking", "SELECT count(*) FROM availability_override") == 1
        of = OfOverride(override=done.override)
        lifted = await s.ask(LIFT, of, as_="fern-dale", key="off")
        assert await s.ask(LIFT, of, as_="fern-dale", key="off") == lifted
        with pytest.raises(LiftedAlready):
            await s.ask(LIFT, of, as_="fern-dale")


async def test_to_other_offices_staff_there_is_no_such_office_nor_override() -> None:
    async with stack("directory", "booking") as s:
        done = await closed(s)
        denver = s.token("fern-dale", teams=[f"front-desk:{DENVER}"])
        for ask, op in (
            (closing(), OVERRIDE),
            (OfOverride(override=done.override), LIFT),
            (AskOverrides(office=SAN_FRANCISCO), OVERRIDES),
        ):
            with pytest.raises(NotFound):
                await s.ask(op, ask, token=denver, key=str(uuid4()))  # type: ignore[arg-type]
            with pytest.raises(Forbidden):
                await s.ask(op, ask, as_="maria-lopez")  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            await closed(s, "amara-okafor")
        with pytest.raises(NotFound):
            await s.ask(LIFT, OfOverride(override=done.override), as_="amara-okafor")
        with pytest.raises(NotFound):
            await s.ask(LIFT, OfOverride(override=uuid4()), as_="fern-dale")
        with pytest.raises(NotFound):
            await s.ask(OVERRIDES, AskOverrides(office=SAN_FRANCISCO, clinician=BEN), as_="amara-okafor")
        own = await s.ask(OVERRIDES, AskOverrides(), as_="amara-okafor")
        assert own.overrides == []
        assert await s.fetchval("booking", "SELECT count(*) FROM availability_override WHERE lifted_at IS NULL") == 1


async def test_a_stretch_that_cannot_be_is_refused_by_its_field() -> None:
    async with stack("directory", "booking") as s:
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"start": now() + 2 * HOUR, "end": now() + HOUR}, "end"),
            ({"start": now() - 3 * HOUR, "end": now() - HOUR}, "end"),
            ({"end": now() + timedelta(days=400)}, "end"),
            ({"start": now() + timedelta(days=800), "end": now() + timedelta(days=801)}, "start"),
            ({"clinician": FERN}, "clinician"),
            ({"clinician": UUID(int=7)}, "clinician"),
            ({"reason": " \u200b\n"}, "reason"),
        ]
        for changed, field in wrong:
            with pytest.raises(Invalid) as refused:
                await closed(s, **changed)
            assert refused.value.members["field"] == field


async def test_one_whose_time_is_over_cannot_be_lifted() -> None:
    async with stack("directory", "booking") as s:
        done = await closed(s)
        s.clock.advance(4 * HOUR)
        with pytest.raises(OverrideOver):
            await s.ask(LIFT, OfOverride(override=done.override), as_="fern-dale")


async def test_the_reason_is_on_record_sealed_with_who_made_it_and_every_look() -> None:
    async with stack("directory", "booking") as s:
        first_, second = await closed(s), await closed(s, start=now() + HOUR)
        await s.ask(LIFT, OfOverride(override=first_.override), as_="ben-whitfield")
        for ask, who in ((AskOverrides(office=SAN_FRANCISCO), "fern-dale"), (AskOverrides(), "ben-whitfield")):
            listed = (await s.ask(OVERRIDES, ask, as_=who)).overrides
            assert [one.override for one in listed] == [second.override, first_.override]
            assert {one.reason for one in listed} == {WHY}
            assert [one.lifted_by for one in listed] == [None, BEN]
            assert {one.made_by for one in listed} == {FERN}
            earlier = AskOverrides(office=ask.office, before=listed[0].sequence)
            assert [one.override for one in (await s.ask(OVERRIDES, earlier, as_=who)).overrides] == [first_.override]
        sealed = b"".join(row["sealed"] for row in await s.fetch("booking", "SELECT sealed FROM availability_override"))
        assert b"canary" not in sealed
        seen = "SELECT actor, action FROM audit ORDER BY id"
        actions = [(row["actor"], row["action"]) for row in await s.fetch("booking", seen)]
        assert actions[:3] == [(str(FERN), "write"), (str(FERN), "write"), (str(BEN), "write")]
        assert actions[3:] == [(str(FERN), "read")] * 2 + [(str(BEN), "read")] * 2
        with pytest.raises(Invalid):
            await s.ask(OVERRIDES, AskOverrides(), as_="fern-dale")


async def test_another_clinicians_time_goes_on() -> None:
    async with stack("directory", "booking") as s:
        before = [offer.start for offer in (await find(s, clinician=AMARA)).offers]
        await closed(s)
        after = [offer.start for offer in (await find(s, clinician=AMARA)).offers]
        assert after[-1] - before[-1] <= timedelta(minutes=5)
        assert (await take(s, await first(s, clinician=AMARA, office=OAKLAND))).clinician == AMARA
        assert await s.fetchval("booking", "SELECT patient FROM appointment") == MARIA
