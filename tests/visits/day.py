"""A visit from its booking on, step by step, over the real services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from baton_events.visits import GuidanceSent
from shared.requests import visits as ask
from shared.requests.booking import BOOK, FIND_OFFERS, Book, Booked, FindOffers, OfAppointment

if TYPE_CHECKING:
    from tests.support.stack import Stack

MARIA = UUID("9a71e000-0000-4000-8000-000000000001")
SAMIRA = UUID("9a71e000-0000-4000-8000-000000000004")
BEN = UUID("c1111c00-0000-4000-8000-000000000002")
AMARA = UUID("c1111c00-0000-4000-8000-000000000001")
SAN_FRANCISCO = UUID("0ff1ce00-0000-4000-8000-000000000003")
OAKLAND = UUID("0ff1ce00-0000-4000-8000-000000000001")
SERVICES = ("directory", "booking", "visits")
HOLD_EVENTS = "ALTER TABLE outbox ALTER next_at SET DEFAULT now() + interval '1 hour'"
RELEASE_EVENTS = "ALTER TABLE outbox ALTER next_at SET DEFAULT now(); UPDATE outbox SET next_at = now()"


@dataclass(frozen=True)
class Day:
    """Maria's visit with Ben, and what each of them does."""

    s: Stack
    booked: Booked
    visit: UUID

    @property
    def appointment(self) -> OfAppointment:
        return OfAppointment(appointment=self.booked.appointment)

    @property
    def of_visit(self) -> ask.OfVisit:
        return ask.OfVisit(visit=self.visit)

    async def check_in(self, who: str = "maria-lopez", state: str | None = None, **how: Any) -> ask.VisitState:
        here = ask.CheckIn(appointment=self.booked.appointment, state=state)
        return await self.s.ask(ask.CHECK_IN, here, as_=who, **how)

    async def leave(self, who: str = "maria-lopez") -> ask.VisitState:
        return await self.s.ask(ask.LEAVE, self.of_visit, as_=who)

    async def start(self, who: str = "ben-whitfield") -> ask.VisitState:
        return await self.s.ask(ask.START, self.of_visit, as_=who)

    async def order(self, code: str = "flu-shot", note: str | None = None, who: str = "ben-whitfield") -> UUID:
        placed = await self.s.ask(ask.PLACE_ORDER, ask.PlaceOrder(visit=self.visit, code=code, note=note), as_=who)
        return placed.order

    async def end(self, *, follow_up: bool = True, who: str = "ben-whitfield") -> ask.VisitOver:
        return await self.s.ask(ask.END, ask.EndVisit(visit=self.visit, follow_up=follow_up), as_=who)

    async def summarise(self, summary: str = "All is well.", who: str = "ben-whitfield", **more: Any) -> ask.VisitState:
        return await self.s.ask(ask.SUMMARISE, ask.Summarise(visit=self.visit, summary=summary, **more), as_=who)

    async def read(self, who: str = "maria-lopez") -> ask.Visit:
        return await self.s.ask(ask.VISIT, self.of_visit, as_=who)

    async def under_way(self) -> Day:
        """Check in and start."""
        await self.check_in()
        await self.start()
        return self

    async def over(self, *, follow_up: bool = True) -> Day:
        """Check in, start and end."""
        await self.under_way()
        await self.end(follow_up=follow_up)
        return self


async def book(s: Stack, who: str = "maria-lopez", **wanted: Any) -> Booked:
    """Book the best offer with Ben, or with whom or where else is wanted."""
    wanted = {"clinician": BEN, "reason": "a rash", **wanted}
    offers = await s.ask(FIND_OFFERS, FindOffers(**wanted), as_=who)
    return await s.ask(BOOK, Book(offer=offers.offers[0].offer), as_=who)


async def planned(s: Stack, who: str = "maria-lopez", **wanted: Any) -> Day:
    """A visit booked and planned."""
    booked = await book(s, who, **wanted)

    async def guided() -> UUID | None:
        found = (one.event for one in await s.events(GuidanceSent))
        return next((event.visit for event in found if event.appointment == booked.appointment), None)

    visit = await s.until(guided)
    assert visit is not None
    return Day(s, booked, visit)
