"""Offers of a practice of two hundred clinicians booked for ninety days, and bookings, free and all for one time."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from statistics import mean, median
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg

from deploy.journey.app import TRY_AGAIN
from tests.bench.reading import timed
from tests.bench.yardstick import yardstick

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.journey.app import Person
    from tests.bench.load import Sender
    from tests.support.installed import Installed

    Rows = asyncpg.Connection[asyncpg.Record]

CLINICIANS, DAYS = 200, 90
PAST = 10
"""Days of the past at first; tenfold in the end."""
OFFICES = [UUID(f"0ff1ce00-0000-4000-8000-00000000000{n}") for n in (1, 3)]
CROWD, TOGETHER = 1000, 64
VISIT = timedelta(minutes=20)
ROUNDS, FINDS, SELECTS = 5, 8, 200

STAFF = """
WITH added AS (
    INSERT INTO staff (id, name, roles, teams, time_zone, credential, specialty, prescribes, video)
    SELECT unnest($1::uuid[]), 'Bench Clinician', '{clinician}', '{care}', 'America/Los_Angeles', 'MD',
           'family-medicine', true, true
    RETURNING id
), licensed AS (
    INSERT INTO licence (staff, state, number, expires) SELECT id, 'CA', id::text, '2099-01-01' FROM added
)
INSERT INTO hours (staff, office, weekday, opens, closes)
SELECT id, ($2::uuid[])[1 + n % 2], day, '00:00', '24:00'
  FROM unnest($1::uuid[]) WITH ORDINALITY AS c (id, n), generate_series(1, 7) AS day
"""
BOOKED = """
INSERT INTO appointment (id, patient, clinician, office, kind, start_at, end_at, time_zone, price_cents, relationship,
                         status, author, sealed, booked_by, booked_at, room)
SELECT gen_random_uuid(), gen_random_uuid(), c.id, ($2::uuid[])[1 + n % 2], 'office', at, at + interval '20 minutes',
       'America/Los_Angeles', 9900, gen_random_uuid(), $5, gen_random_uuid(), decode(repeat('5a', 300), 'hex'),
       gen_random_uuid(), at, 'bench-' || n
  FROM unnest($1::uuid[]) WITH ORDINALITY AS c (id, n),
       generate_series($3::timestamptz, $4::timestamptz, interval '20 minutes') AS at
 WHERE extract(hour FROM at AT TIME ZONE 'America/Los_Angeles') BETWEEN 9 AND 16
   AND (extract(epoch FROM at)::bigint / 1200 + n) % 5 <> 0
"""
"""Four of five of the times of an eight-hour day."""
EXCLUSIONS = """
SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
 WHERE conrelid = 'appointment'::regclass AND contype = 'x'
"""
ONE = "SELECT start_at, end_at FROM appointment WHERE clinician = $1 AND start_at = $2"


async def booking(stack: Installed, senders: Sequence[Sender]) -> tuple[dict[str, float], dict[str, float]]:
    """Offers as a ratio to a single indexed select, and how they grow; bookings as ratios to the yardstick."""
    clinicians = [uuid4() for _ in range(CLINICIANS)]
    people = [one.person for one in senders]
    noon = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    async with AsyncExitStack() as open_:
        directory, rows = [await _opened(open_, stack, name) for name in ("directory", "booking")]
        await directory.execute(STAFF, clinicians, OFFICES)
        await fill(rows, clinicians, noon)
        await directory.execute("ANALYZE")
        await rows.execute("ANALYZE")
        select = await timed(lambda: rows.fetchrow(ONE, clinicians[7], noon), SELECTS)
        before = await timed(lambda: control(people[0]), ROUNDS * FINDS)
        today, later = await finds(people)
        await rows.execute(
            BOOKED, clinicians, OFFICES, noon - timedelta(days=PAST * 10), noon - timedelta(days=PAST), "fulfilled"
        )
        await rows.execute("ANALYZE")
        old_today, old_later = await finds(people)
        slower = await timed(lambda: control(people[0]), ROUNDS * FINDS) / before
        ratios = {
            "offers.selects": today / select,
            "offers.later.selects": later / select,
            "offers.growth": old_today / today / slower,
            "offers.later.growth": old_later / later / slower,
        }
        booked = await rows.fetchval("SELECT count(*) FROM appointment")
        facts = {"appointments": booked, "offers.ms": today * 1e3, "offers.later.ms": later * 1e3}
        before = await yardstick(stack.superuser_url, 3.0)
        free = await freely(people, clinicians)
        between = await yardstick(stack.superuser_url, 3.0)
        contended, won = await all_for_one(people, clinicians[-1])
        after = await yardstick(stack.superuser_url, 3.0)
    assert won == 1, f"{won} took one time"
    ratios |= {
        "bookings.free": free / mean((before, between)),
        "bookings.contended": contended / mean((between, after)),
    }
    facts |= {
        "bookings.free.per_second": free,
        "bookings.contended.per_second": contended,
        "select.one.ms": select * 1e3,
    }
    return ratios, {name: round(value, 3) for name, value in facts.items()}


async def fill(rows: Rows, clinicians: Sequence[UUID], now: datetime) -> None:
    """Book the days to come and some that are past; constraints are checked over all of them at once."""
    constraints = await rows.fetch(EXCLUSIONS)
    for one in constraints:
        await rows.execute(f"ALTER TABLE appointment DROP CONSTRAINT {one['conname']}")
    await rows.execute(BOOKED, clinicians, OFFICES, now, now + timedelta(days=DAYS), "booked")
    await rows.execute(BOOKED, clinicians, OFFICES, now - timedelta(days=PAST), now - VISIT, "fulfilled")
    for one in constraints:
        await rows.execute(f"ALTER TABLE appointment ADD CONSTRAINT {one['conname']} {one['definition']}")


async def _opened(open_: AsyncExitStack, stack: Installed, database: str) -> Rows:
    connection = await asyncpg.connect(stack.database_url(database))
    open_.push_async_callback(connection.close)
    return connection


async def control(one: Person) -> None:
    """All clinicians of a state: as much work, none of it with appointments; it tells how slow the minute is."""
    await one.get("/v1/clinicians", state="CA")


async def finds(people: Sequence[Person]) -> tuple[float, float]:
    """The median seconds of asking for offers, for any time and from three weeks ahead, taken in turns."""
    far = (datetime.now(UTC) + timedelta(days=21)).isoformat()
    takes: tuple[list[float], list[float]] = [], []
    for turn in range(ROUNDS):
        for taken, wanted in zip(takes, ({}, {"earliest": far}), strict=True):
            for n in range(FINDS):
                started = time.perf_counter()
                found = await people[(turn * FINDS + n) % len(people)].post("/v1/offers", reason="a rash", **wanted)
                taken.append(time.perf_counter() - started)
                assert len(found["offers"]) == 12
    return median(takes[0]), median(takes[1])


async def freely(people: Sequence[Person], clinicians: Sequence[UUID]) -> float:
    """Bookings accepted a second, each person with a clinician of their own."""
    offers = [await _of(one, clinician) for one, clinician in zip(people, clinicians, strict=False)]
    started = time.perf_counter()
    await asyncio.gather(*(_take_all(one, mine) for one, mine in zip(people, offers, strict=True)))
    return sum(map(len, offers)) / (time.perf_counter() - started)


async def _of(one: Person, clinician: UUID) -> list[str]:
    wanted = {"clinician": str(clinician), "kind": "office", "visit_type": "general"}
    earliest = (datetime.now(UTC) + timedelta(days=30)).replace(hour=18).isoformat()
    found = await one.post("/v1/offers", reason="a rash", earliest=earliest, **wanted)
    return [offer["offer"] for offer in found["offers"]]


async def _take_all(one: Person, offers: Sequence[str]) -> None:
    for offer in offers:
        await one.post("/v1/appointments", offer=offer)


async def all_for_one(people: Sequence[Person], clinician: UUID) -> tuple[float, int]:
    """A thousand attempts at one time: how many were answered a second, each loser with other offers; who won."""
    start = (datetime.now(UTC) + timedelta(days=40)).replace(hour=10, minute=0, second=0, microsecond=0).isoformat()
    wanted = {"clinician": str(clinician), "visit_type": "general", "kind": "video", "earliest": start}
    offers = [(await one.post("/v1/offers", reason="a rash", **wanted))["offers"][0]["offer"] for one in people]
    attempts = iter(range(CROWD))
    answers: list[bool] = []

    async def attempt() -> None:
        for number in attempts:
            turn = number % len(people)
            answers.append(await _attempt(people[turn], offers[turn]))

    started = time.perf_counter()
    await asyncio.gather(*(attempt() for _ in range(TOGETHER)))
    return CROWD / (time.perf_counter() - started), sum(answers)


async def _attempt(one: Person, offer: str) -> bool:
    headers: dict[str, Any] = {"Authorization": f"Bearer {one.token}", "Idempotency-Key": str(uuid4())}
    while True:
        async with one.http.post(f"{one.url}/v1/appointments", json={"offer": offer}, headers=headers) as answer:
            said = await answer.json(content_type=None)
            if answer.status in TRY_AGAIN:
                continue
            assert answer.status == 200 or said["offers"], "a refusal comes with other offers"
            return answer.status == 200
