"""The follow-up days of a consult: fourteen days of time in which the practice owes the patient nothing.

A patient's message stops the clock until staff have answered it or settled that it needs no answer. The end is
announced a day before it comes, or at once where an answer leaves less than a day; each end that the clock comes to
run towards is announced once, and none comes unannounced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from baton_events.codes import ThreadKind
from services.messaging.model.threads import ThreadIsClosed
from shared.errors import Conflict


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How long the patient may write, how long before the end they are told, and what a request may take to arrive.

    A message received before the end stands in the thread also when it was still waiting for its turn as the end came,
    so the end is carried out only after whatever was `on_its_way`.
    """

    lasts: timedelta = timedelta(days=14)
    notice: timedelta = timedelta(days=1)
    on_its_way: timedelta = timedelta(seconds=30)


AGREED = Rules()


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What was left when it last began to run or to pause; one of the three times is set, or it has not begun.

    `announced_end` is the end of which the patient was last told.
    """

    left: timedelta
    running_since: datetime | None = None
    paused_since: datetime | None = None
    ended_at: datetime | None = None
    announced_end: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it ends if nobody writes; none while it pauses and after the end."""
        return self.running_since + self.left if self.running_since else None

    def left_at(self, now: datetime) -> timedelta:
        """What is left at this moment."""
        if self.running_since is None:
            return self.left
        return max(timedelta(), self.left - max(timedelta(), now - self.running_since))


class Step(Enum):
    """What a clock has come to."""

    NOTHING = "nothing"
    ANNOUNCE = "announce"
    END = "end"


def begun(now: datetime, *, owed: bool, rules: Rules = AGREED) -> Clock:
    """The whole of the days, paused where the practice owes an answer already."""
    return Clock(left=rules.lasts, running_since=None if owed else now, paused_since=now if owed else None)


def pause(clock: Clock, now: datetime) -> Clock:
    """The patient is owed an answer from now on."""
    if clock.running_since is None:
        return clock
    return replace(
        clock,
        left=clock.left_at(now),
        running_since=None,
        paused_since=max(now, clock.running_since),
    )


def resume(clock: Clock, now: datetime) -> Clock:
    """Nothing is owed from now on."""
    if clock.paused_since is None:
        return clock
    return replace(clock, running_since=max(now, clock.paused_since), paused_since=None)


def over(clock: Clock, now: datetime) -> bool:
    """Whether nothing more is to be written, also when the end is still to be carried out."""
    if clock.ended_at is not None:
        return True
    return clock.ends_at is not None and clock.announced_end == clock.ends_at and now >= clock.ends_at


def looks_at(clock: Clock, rules: Rules = AGREED) -> datetime | None:
    """When something is to be done about it; never while it pauses."""
    if clock.ends_at is None:
        return None
    told = clock.announced_end == clock.ends_at
    return clock.ends_at + rules.on_its_way if told else clock.ends_at - rules.notice


def step(clock: Clock, now: datetime, rules: Rules = AGREED) -> tuple[Clock, Step]:
    """What is to be done about it by now, and the clock once that is done.

    An end that nobody could announce in time, because nothing ran, is put off by the notice.
    """
    due, ends = looks_at(clock, rules), clock.ends_at
    if due is None or ends is None or now < due:
        return clock, Step.NOTHING
    if clock.announced_end == ends:
        return replace(clock, left=timedelta(), running_since=None, ended_at=now), Step.END
    if now >= ends:
        clock = replace(clock, left=rules.notice, running_since=now)
    return replace(clock, announced_end=clock.ends_at), Step.ANNOUNCE


class ConsultIsOver(ThreadIsClosed):
    """This consult is over and stays readable. To be treated again start a new one or book a visit, or ask a person."""

    code = "consult-over"


class ConsultEndsByItself(Conflict):
    """A consult closes by itself when its days are over. Leave it open, or decline it where there is no plan yet."""

    code = "consult-ends-by-itself"


def closed(kind: ThreadKind) -> ThreadIsClosed:
    """Why nothing is written in a closed thread of this kind, and what to do instead."""
    return ConsultIsOver() if kind is ThreadKind.CONSULT else ThreadIsClosed()
