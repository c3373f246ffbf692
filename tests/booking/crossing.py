"""Patients and staff who do things at once to a few times of one afternoon, and what must hold whatever they do."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from baton_events.codes import Availability
from shared.errors import Refusal
from shared.requests.availability import LIFT, OVERRIDE, OfOverride, OverrideAvailability
from shared.requests.booking import BOOK, CANCEL, FIND_OFFERS, Book, FindOffers, OfAppointment
from shared.requests.moves import RESCHEDULE, Reschedule
from shared.requests.waitlist import (
    CHANGE_WAIT,
    CLAIM_TIME,
    LEAVE_WAITLIST,
    WAIT,
    ChangeWait,
    ClaimTime,
    OfWait,
    Wait,
)
from tests.booking.people import AMARA, BEN, SAN_FRANCISCO
from tests.booking.visits import CANARY
from tests.booking.waiting import HOUR, MORNING, settled

if TYPE_CHECKING:
    from shared.requests import Operation
    from tests.support.stack import Stack

AFTERNOON = MORNING + 24 * HOUR + timedelta(minutes=-2)
END = AFTERNOON + HOUR
CLINICIANS = (BEN, AMARA)
FAIR = frozenset(
    {
        "appointment-cancelled",
        "appointment-moved",
        "claim-lapsed",
        "claimed-already",
        "licence-missing",
        "override-lifted",
        "no-such-claim",
        "not-cancellable",
        "offer-gone",
        "offer-lapsed",
        "patient-busy",
        "slot-taken",
        "time-closed",
        "too-many-waits",
        "wait-over",
        "waits-already",
    }
)
"""What may be refused to whom somebody else was quicker."""

GONE = frozenset({"claim-lapsed", "licence-missing", "offer-gone", "patient-busy", "slot-taken", "time-closed"})
"""What of this comes with the next best offers."""

OVERLAPS = """
SELECT count(*) FROM appointment a JOIN appointment b ON a.id < b.id
 WHERE a.status IN ('proposed', 'booked', 'arrived') AND b.status IN ('proposed', 'booked', 'arrived')
   AND ((a.clinician = b.clinician AND a.blocked && b.blocked)
        OR (a.office = b.office AND a.room = b.room
            AND tstzrange(a.start_at, a.end_at) && tstzrange(b.start_at, b.end_at))
        OR (a.patient = b.patient AND a.status <> 'proposed' AND b.status <> 'proposed'
            AND tstzrange(a.start_at, a.end_at) && tstzrange(b.start_at, b.end_at)))
"""

ASTRAY = """
SELECT 'held without a claim' FROM appointment a
 WHERE a.status = 'proposed' AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.id = a.id AND c.status = 'live')
UNION ALL
SELECT 'a claim to nothing' FROM claim c JOIN freed_time f ON f.id = c.freed_time JOIN wait w ON w.id = c.wait
 WHERE c.status = 'live'
   AND (NOT EXISTS (SELECT 1 FROM appointment a
                     WHERE a.id = c.id AND a.status = 'proposed' AND a.start_at = f.start_at AND a.end_at = f.end_at)
        OR f.status <> 'offered' OR f.token <> c.token OR w.status <> 'waiting')
UNION ALL
SELECT 'a time that is nobody''s' FROM freed_time f
 WHERE f.status IN ('open', 'offered')
   AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.freed_time = f.id AND c.status = 'live')
UNION ALL
SELECT 'a wait that is over in two ways' FROM wait w
 WHERE (w.status = 'claimed') <> EXISTS (SELECT 1 FROM claim c WHERE c.wait = w.id AND c.status = 'claimed')
UNION ALL
SELECT 'a wait without its end' FROM wait w
 WHERE (w.status = 'waiting') <> EXISTS (SELECT 1 FROM deadline d WHERE d.kind = 'wait-ends' AND d.entity = w.id
                                            AND d.fired_at IS NULL AND d.cancelled_at IS NULL)
UNION ALL
SELECT 'a claim without its end' FROM claim c
 WHERE (c.status = 'live') <> EXISTS (SELECT 1 FROM deadline d WHERE d.kind = 'claim-lapses' AND d.entity = c.id
                                         AND d.fired_at IS NULL AND d.cancelled_at IS NULL)
"""

UNTOLD = """
SELECT t.what FROM (
    SELECT 'joined' AS what, id AS entity, count(*) AS times FROM wait GROUP BY id
    UNION ALL SELECT 'left', id, 1 FROM wait WHERE status = 'left'
    UNION ALL SELECT 'claimed', wait, 1 FROM claim WHERE status = 'claimed'
    UNION ALL SELECT 'offered', wait, count(*) FROM claim GROUP BY wait
    UNION ALL SELECT 'lapsed', wait, count(*) FROM claim WHERE status = 'lapsed' GROUP BY wait) t
 WHERE t.times <> (SELECT count(*) FROM outbox o
                    WHERE o.entity = t.entity AND o.type = 'care.booking.v1.waitlist.' || t.what)
"""

UNOWNED = """
SELECT count(*) FROM unnest($1::uuid[]) AS booked (id)
 WHERE 1 <> (SELECT count(*) FROM handoff h JOIN custody c ON c.handoff = h.id AND c.ended_at IS NULL
              WHERE h.case_id = booked.id AND h.name = 'visit.prepare' AND h.state = 'open')
"""

OWNED_STILL = """
SELECT count(*) FROM handoff WHERE case_id = ANY ($1::uuid[]) AND name = 'visit.prepare' AND state = 'open'
"""


class Fair(Exception):
    """Somebody else was quicker."""


@dataclass
class Afternoon:
    """The patients by their tokens, and what each was told: what stands, who waits, what was given back."""

    s: Stack
    people: list[tuple[UUID, str]]
    booked: dict[UUID, UUID] = field(default_factory=dict)
    given_back: set[UUID] = field(default_factory=set)
    waits: dict[UUID, tuple[UUID, UUID | None]] = field(default_factory=dict)
    closed: list[UUID] = field(default_factory=list)

    async def at_once(self, doings: list[tuple[str, int, int]]) -> None:
        """Have all of it done at the same time."""
        await asyncio.gather(*(self._one(*doing) for doing in doings))
        for gone in self.given_back & self.booked.keys():
            del self.booked[gone]
        self.waits = {wait: one for wait, one in self.waits.items() if one[1] not in self.given_back}

    async def _one(self, what: str, who: int, which: int) -> None:
        with suppress(Fair):
            try:
                await getattr(self, what)(self.people[who % len(self.people)], which)
            except Refusal as refusal:
                if refusal.code in FAIR and (refusal.code not in GONE or "offers" in refusal.members):
                    raise Fair from refusal
                raise

    async def _ask(self, op: Operation[Any, Any], ask: Any, token: str) -> Any:
        return await self.s.ask(op, ask, token=token, seconds=30)

    async def book(self, who: tuple[UUID, str], which: int) -> None:
        """One of the times with one of the two."""
        ask = FindOffers(reason=CANARY, clinician=CLINICIANS[which % 2], earliest=AFTERNOON, latest=END)
        offers = (await self._ask(FIND_OFFERS, ask, who[1])).offers
        if offers:
            done = await self._ask(BOOK, Book(offer=offers[which % len(offers)].offer), who[1])
            self.booked[done.appointment] = who[0]

    async def cancel(self, _: tuple[UUID, str], which: int) -> None:
        """Whatever stands."""
        if mine := self._appointment(which):
            await self._ask(CANCEL, OfAppointment(appointment=mine[0]), mine[1])
            self.given_back.add(mine[0])

    async def move(self, _: tuple[UUID, str], which: int) -> None:
        """Whatever stands, to another time."""
        if mine := self._appointment(which):
            ask = FindOffers(instead_of=mine[0], earliest=AFTERNOON, latest=END)
            offers = (await self._ask(FIND_OFFERS, ask, mine[1])).offers
            if offers:
                to = Reschedule(appointment=mine[0], offer=offers[which % len(offers)].offer)
                await self._ask(RESCHEDULE, to, mine[1])

    async def wait(self, who: tuple[UUID, str], which: int) -> None:
        """Any time of the afternoon, with one of the two, or with either."""
        clinician = (*CLINICIANS, None)[which % 3]
        until = self.s.clock() + timedelta(days=7)
        ask = Wait(reason=CANARY, clinician=clinician, earliest=AFTERNOON, latest=END, until=until)
        wait = (await self._ask(WAIT, ask, who[1])).wait
        self.waits[wait] = (who[0], None)

    async def wait_instead(self, _: tuple[UUID, str], which: int) -> None:
        """An earlier time than what stands."""
        if mine := self._appointment(which):
            ask = Wait(instead_of=mine[0], until=self.s.clock() + timedelta(days=7))
            wait = (await self._ask(WAIT, ask, mine[1])).wait
            self.waits[wait] = (mine[2], mine[0])

    async def change(self, _: tuple[UUID, str], which: int) -> None:
        """With the other of the two."""
        if mine := self._wait(which):
            until = self.s.clock() + timedelta(days=7)
            ask = ChangeWait(wait=mine[0], until=until, clinician=CLINICIANS[which % 2])
            await self._ask(CHANGE_WAIT, ask, mine[1])

    async def leave(self, _: tuple[UUID, str], which: int) -> None:
        """One of the waits."""
        if mine := self._wait(which):
            await self._ask(LEAVE_WAITLIST, OfWait(wait=mine[0]), mine[1])
            self.waits.pop(mine[0], None)

    async def claim(self, who: tuple[UUID, str], which: int) -> None:
        """Any time that ever was somebody's to take, their own or not."""
        rows = await self.s.fetch("booking", "SELECT id, token FROM claim ORDER BY status = 'live' DESC, id LIMIT 3")
        if rows:
            row = rows[which % len(rows)]
            token = who[1] if which % 4 == 0 else await self._holder(row["id"])
            done = await self._ask(CLAIM_TIME, ClaimTime(claim=row["id"], token=row["token"]), token)
            self.waits.pop(done.wait, None)
            self.booked[done.appointment] = next(one for one, theirs in self.people if theirs == token)

    async def close(self, _: tuple[UUID, str], which: int) -> None:
        """Some of Ben's afternoon."""
        start = AFTERNOON + timedelta(minutes=20 * (which % 3))
        ask = OverrideAvailability(
            clinician=BEN,
            office=SAN_FRANCISCO,
            availability=Availability.CLOSED,
            start=start,
            end=start + timedelta(minutes=40),
            reason="training",
        )
        self.closed.append((await self._ask(OVERRIDE, ask, self.s.token("fern-dale"))).override)

    async def lift(self, _: tuple[UUID, str], which: int) -> None:
        """What was closed."""
        if self.closed:
            ask = OfOverride(override=self.closed[which % len(self.closed)])
            await self._ask(LIFT, ask, self.s.token("fern-dale"))

    async def holds(self) -> None:
        """Whatever was done: no overlap, nobody lost, each thing told once, one owner of each handoff."""
        await settled(self.s)
        assert await self.s.fetchval("booking", OVERLAPS) == 0
        assert [row[0] for row in await self.s.fetch("booking", ASTRAY)] == []
        assert [row[0] for row in await self.s.fetch("booking", UNTOLD)] == []
        rows = await self.s.fetch("booking", "SELECT id, patient FROM appointment WHERE status = 'booked'")
        assert {row["id"]: row["patient"] for row in rows} == self.booked
        rows = await self.s.fetch("booking", "SELECT id, patient FROM wait WHERE status = 'waiting'")
        assert {row["id"]: row["patient"] for row in rows} == {wait: one[0] for wait, one in self.waits.items()}
        assert await self.s.fetchval("handoffs", UNOWNED, list(self.booked)) == 0
        assert await self.s.fetchval("handoffs", OWNED_STILL, list(self.given_back)) == 0

    def _appointment(self, which: int) -> tuple[UUID, str, UUID] | None:
        """One that stands, with whose it is and their token."""
        return self._of(list(self.booked.items()), which)

    def _wait(self, which: int) -> tuple[UUID, str, UUID] | None:
        return self._of([(wait, patient) for wait, (patient, _) in self.waits.items()], which)

    def _of(self, theirs: list[tuple[UUID, UUID]], which: int) -> tuple[UUID, str, UUID] | None:
        if not theirs:
            return None
        what, patient = theirs[which % len(theirs)]
        return what, dict(self.people)[patient], patient

    async def _holder(self, claim: UUID) -> str:
        look = "SELECT w.patient FROM claim c JOIN wait w ON w.id = c.wait WHERE c.id = $1"
        return dict(self.people)[await self.s.fetchval("booking", look, claim)]
