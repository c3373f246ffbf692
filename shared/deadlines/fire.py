"""Firing: one transaction a deadline, in which it is seen to be open, its work is done and it is marked as fired.

Any number of processes may fire the deadlines of one database. Nothing is lost when none does for hours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from shared import background, logs
from shared.crash import CrashPoint, reach
from shared.database import DatabaseUnavailable
from shared.deadlines import rows
from shared.telemetry import metrics, trace

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from shared.app import Fire, Ground

LONGEST_PUT_OFF = timedelta(minutes=1)

UNKNOWN_KIND = logs.event("deadline.unknown-kind", "kind")
FAILED = logs.event("deadline.failed", "deadline", "attempts")


class Overtaken(Exception):
    """The deadline was cancelled while its work was under way, so none of it is done."""


@dataclass
class PutOff:
    """A deadline whose work failed: how often, and when it is tried again."""

    attempts: int
    until: datetime


@dataclass
class Firing:
    """Fires one service's deadlines with the handler of their kind; what has no handler is left and logged once."""

    ground: Ground
    handlers: Mapping[str, Fire]
    batch: int = 32
    poll: float = 1.0
    _put_off: dict[UUID, PutOff] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        await background.repeat("deadlines", self._step, stop)

    async def _step(self) -> float:
        found = await self.fire_due()
        return 0.0 if found == self.batch else await self._rest()

    async def fire_due(self) -> int:
        """Fire up to a batch of what is due by now; gives how many were found."""
        now = self.ground.clock()
        kinds = list(self.handlers)
        waiting = [id_ for id_, put_off in self._put_off.items() if put_off.until > now]
        async with self.ground.db.transaction() as tx:
            await self._tell_unknown(await rows.unknown_kinds(tx, now, kinds))
            due = await rows.due(tx, now, kinds, waiting, self.batch)
        for id_ in due:
            with trace.following(None):
                await self._try(id_)
        return len(due)

    async def _try(self, id_: UUID) -> None:
        try:
            await self._fire(id_)
        except Overtaken:
            return
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one deadline's fault must not hold up the others
            self._fail(id_, error)
        else:
            self._put_off.pop(id_, None)

    async def _fire(self, id_: UUID) -> None:
        now = self.ground.clock()
        async with self.ground.db.transaction() as tx:
            deadline = await rows.claim(tx, id_)
            if deadline is None:
                return
            reach(CrashPoint.DEADLINE_CLAIMED)
            await self.handlers[deadline.kind](self.ground, tx, deadline)
            if not await rows.mark_fired(tx, id_, now):
                raise Overtaken
            reach(CrashPoint.DEADLINE_FIRED)
        reach(CrashPoint.DEADLINE_COMMITTED)
        metrics.FIRED.labels(self.ground.settings.service).inc()

    def _fail(self, id_: UUID, error: Exception) -> None:
        attempts = self._put_off[id_].attempts + 1 if id_ in self._put_off else 1
        wait = min(LONGEST_PUT_OFF, timedelta(seconds=2.0 ** min(attempts, 10)))
        self._put_off[id_] = PutOff(attempts, self.ground.clock() + wait)
        FAILED.error(error=error, deadline=id_, attempts=attempts)

    async def _tell_unknown(self, kinds: list[str]) -> None:
        for kind in kinds:
            if kind not in self._unknown:
                self._unknown.add(kind)
                UNKNOWN_KIND.error(kind=kind)

    async def _rest(self) -> float:
        """Until the next is due, and no longer than the poll."""
        now = self.ground.clock()
        async with self.ground.db.transaction() as tx:
            moment = await rows.next_due(tx, now, list(self.handlers))
        return self.poll if moment is None else min(self.poll, max(0.01, (moment - now).total_seconds()))
