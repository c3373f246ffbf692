"""What visits is asked about the path around a visit: its checklist, and how it went."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from shared.requests.common import Moment, Words
from shared.requests.declare import Ask, Done, Operation, operation
from shared.requests.visits import PATIENTS


class Tick(Ask, frozen=True, kw_only=True):
    """Something to bring or do before the visit is done, or with `done` false is not."""

    visit: UUID
    item: Annotated[int, Meta(ge=0, le=99)]
    done: bool = True


class Ticked(Done, frozen=True, kw_only=True):
    """Where the item stands."""

    visit: UUID
    item: int
    done: bool


class GiveOpinion(Ask, frozen=True, kw_only=True):
    """The one question after a visit, how it went: 1 is very badly, 5 very well; words are welcome."""

    visit: UUID
    score: Annotated[int, Meta(ge=1, le=5)]
    words: Words | None = None


class OpinionKept(Done, frozen=True, kw_only=True):
    """It is on record."""

    visit: UUID


class Snooze(Ask, frozen=True, kw_only=True):
    """The patient does not want now what is due, and wants to hear of it again at `until`, within a year."""

    gap: UUID
    until: Moment


class Snoozed(Done, frozen=True, kw_only=True):
    """It is put off."""

    gap: UUID
    until: datetime


TICK = operation(Operation("visits", "tick", Tick, Ticked, command=True, roles=PATIENTS))
GIVE_OPINION = operation(Operation("visits", "give-opinion", GiveOpinion, OpinionKept, command=True, roles=PATIENTS))
SNOOZE = operation(Operation("visits", "snooze", Snooze, Snoozed, command=True, roles=PATIENTS))
