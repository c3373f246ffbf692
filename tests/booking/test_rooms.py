from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import asyncpg
import pytest

from baton_events.codes import VisitKind
from deploy.issuer.mint import mint
from services.booking.model.refusals import SlotTaken
from shared.requests.booking import BOOK, CANCEL, FIND_OFFERS, Book, Booked, FindOffers, OfAppointment
from tests.booking.people import OAKLAND, SAN_FRANCISCO
from tests.booking.visits import CANARY, first, take
from tests.support.edited import edited
from tests.support.stack import stack
from tests.support.surroundings import ISSUER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Stack

STAFF = """
INSERT INTO staff (id, name, roles, teams, credential, specialty, prescribes, time_zone)
SELECT unnest($1::uuid[]), 'One of many', '{clinician}', '{care}', 'MD', 'family-medicine', true, 'America/Los_Angeles'
"""
LICENCES = """
INSERT INTO licence (staff, state, number, expires)
SELECT unnest($1::uuid[]), 'CA', gen_random_uuid()::text, '2099-01-01'
"""
HOURS = """
INSERT INTO hours (staff, office, weekday, opens, closes)
SELECT s, $2, day, '00:00', '24:00' FROM unnest($1::uuid[]) AS s, generate_series(1, 7) AS day
"""
PATIENTS = """
INSERT INTO patient (id, name, birth_date, state, time_zone, latitude, longitude)
SELECT unnest($1::uuid[]), 'One of a crowd', '1980-01-01', 'CA', 'America/Los_Angeles', 37.76, -122.43
"""
BEN = UUID("c1111c00-0000-4000-8000-000000000002")


def there(office: UUID, opens: str, closes: str) -> str:
    """A line of somebody's hours in staff.toml."""
    return f'    {{ office = "{office}", weekdays = [1, 2, 3, 4, 5, 6, 7], opens = "{opens}", closes = "{closes}" }},\n'


async def clinicians(s: Stack, count: int, office: UUID = OAKLAND) -> list[UUID]:
    """Many clinicians at one office."""
    ids = [uuid4() for _ in range(count)]
    await s.fetch("directory", STAFF, ids)
    await s.fetch("directory", LICENCES, ids)
    await s.fetch("directory", HOURS, ids, office)
    return ids


async def patients(s: Stack, count: int) -> list[str]:
    """Tokens of many patients."""
    ids, at = [uuid4() for _ in range(count)], datetime.now(UTC)
    await s.fetch("directory", PATIENTS, ids)
    return [
        mint(s.servers.surroundings.issuer_key, issuer=ISSUER, person=one, roles=["patient"], now=at) for one in ids
    ]


async def offer_with(s: Stack, token: str, clinician: UUID, start: datetime) -> str:
    ask = FindOffers(
        reason=CANARY, clinician=clinician, kind=VisitKind.OFFICE, visit_type="general", earliest=start, latest=start
    )
    (offer,) = (await s.ask(FIND_OFFERS, ask, token=token)).offers
    return offer.offer


async def attempt(s: Stack, offer: str, token: str) -> Booked | None:
    try:
        return await s.ask(BOOK, Book(offer=offer), token=token, seconds=30)
    except SlotTaken:
        return None


async def test_of_more_visits_than_rooms_at_one_time_each_room_holds_one() -> None:
    async with stack("directory", "booking") as s:
        start = (datetime.now(UTC) + timedelta(hours=30)).replace(minute=0, second=0, microsecond=0)
        crowd = await patients(s, 10)
        offers = [
            await offer_with(s, token, who, start) for token, who in zip(crowd, await clinicians(s, 10), strict=True)
        ]
        done = await asyncio.gather(*(attempt(s, *one) for one in zip(offers, crowd, strict=True)))
        booked = [one for one in done if one is not None]
        assert len(booked) == 4
        rooms = await s.fetch("booking", "SELECT room FROM appointment ORDER BY room")
        assert [row["room"] for row in rooms] == ["four", "one", "three", "two"]
        again = FindOffers(reason=CANARY, visit_type="general", office=OAKLAND, kind=VisitKind.OFFICE, earliest=start)
        later = (await s.ask(FIND_OFFERS, again, token=crowd[0])).offers
        assert all(offer.start >= start + timedelta(minutes=20) for offer in later)
        given_back = booked[0].appointment
        await s.fetch("booking", "UPDATE appointment SET status = 'cancelled' WHERE id = $1", given_back)
        again = (await s.ask(FIND_OFFERS, again, token=crowd[0])).offers
        assert again[0].start == start


async def test_no_two_rows_can_hold_a_room_at_once_whoever_writes_them() -> None:
    async with stack("directory", "booking") as s:
        booked = await take(s, await first(s, office=SAN_FRANCISCO))
        twice = """
        INSERT INTO appointment (id, patient, clinician, office, kind, start_at, end_at, time_zone, price_cents,
                                 relationship, status, author, sealed, booked_by, booked_at, room)
        SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), office, kind, start_at, end_at, time_zone, 0,
               relationship, status, author, sealed, booked_by, booked_at, room
          FROM appointment WHERE id = $1
        """
        with pytest.raises(asyncpg.ExclusionViolationError, match="appointment_room_free"):
            await s.fetch("booking", twice, booked.appointment)
        await s.ask(CANCEL, OfAppointment(appointment=booked.appointment), as_="maria-lopez")
        await s.fetch("booking", twice, booked.appointment)


async def test_the_minutes_around_a_visit_and_the_way_between_offices_are_kept_by_constraint(tmp_path: Path) -> None:
    whole = there(SAN_FRANCISCO, "00:00", "24:00")
    half = there(SAN_FRANCISCO, "00:00", "12:00") + there(OAKLAND, "12:00", "24:00")
    minutes = 'kinds = ["office", "video"]\nprice_cents = 9900\n'
    changes = [
        ("practice.toml", "travel_minutes = 0", "travel_minutes = 60"),
        ("staff.toml", whole, half),
        ("visit-types.toml", minutes, f"before_minutes = 5\nafter_minutes = 10\n{minutes}"),
    ]
    async with stack("directory", "booking", variables=edited(tmp_path, changes)) as s:
        day = (datetime.now(UTC) + timedelta(days=3)).date()
        noon = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=20)
        want = {"clinician": BEN, "visit_type": "general"}
        window = {"earliest": noon - timedelta(hours=3), "latest": noon + timedelta(hours=3)}
        last, *_ = sorted(
            (o for o in await offers(s, "maria-lopez", **want, **window) if o.office == SAN_FRANCISCO),
            key=lambda offer: offer.start,
            reverse=True,
        )
        near = await offers(s, "aisha-khan", office=OAKLAND, **want, earliest=noon - timedelta(hours=1))
        await take(s, last)
        held = await s.fetch("booking", "SELECT lower(blocked) AS since, upper(blocked) AS until FROM appointment")
        assert (held[0]["since"], held[0]["until"]) == (
            last.start - timedelta(minutes=5),
            last.end + timedelta(minutes=10),
        )
        too_soon = [offer for offer in near if offer.start < last.end + timedelta(minutes=60)]
        for offer in too_soon:
            with pytest.raises(SlotTaken):
                await take(s, offer, "aisha-khan")
        after = await offers(s, "aisha-khan", office=OAKLAND, **want, earliest=noon - timedelta(hours=1))
        assert all(offer.start >= last.end + timedelta(minutes=60) for offer in after)
        await take(s, after[0], "aisha-khan")


async def offers(s: Stack, who: str, **wanted: object) -> list:  # type: ignore[type-arg]
    ask = FindOffers(reason=CANARY, **wanted)  # type: ignore[arg-type]
    return (await s.ask(FIND_OFFERS, ask, as_=who)).offers
