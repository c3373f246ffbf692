"""What staff see to, the most urgent first, and what nobody has read yet."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from baton_events.codes import ThreadKind
from services.messaging.store.inbox import FIRST, INBOX
from shared.errors import Refusal
from shared.requests import custody, messaging
from tests.messaging.test_custody import AMARA, GRACE, SAM, claim, hand, thread_of
from tests.messaging.test_threads import BEN, MARIA, opened, send, treats

if TYPE_CHECKING:
    from tests.support.stack import Stack

SEED = """
INSERT INTO thread (id, patient, kind, team, opened_by, opened_at, last_at, sequence, reply_owed, reply_due, assigned)
SELECT gen_random_uuid(), $1, 'care', 'care', $1, $2::timestamptz, $2::timestamptz + n * interval '1 second', 3,
       n % 3 > 0, CASE WHEN n % 3 > 0 THEN $2::timestamptz + n * interval '1 minute' END,
       CASE WHEN n % 5 = 0 THEN $3::uuid END
  FROM generate_series(1, $4::integer) AS n
"""
TAKES_PART = """
INSERT INTO participant (thread, person, joined_at, urgency) SELECT id, $1, opened_at, urgency FROM thread
"""
ACTUAL = ("Actual Rows", "Actual Loops")


async def inbox(s: Stack, who: str, **more: Any) -> custody.Inbox:
    return await s.ask(custody.INBOX, custody.AskInbox(**more), as_=who)


async def unread(s: Stack, who: str, thread: UUID) -> int:
    listed = (await s.ask(messaging.THREADS, messaging.ReadThreads(patient=s.person(MARIA)), as_=who)).threads
    return next(line.unread for line in listed if line.thread == thread)


async def walked(s: Stack, who: str, limit: int) -> list[custody.InboxThread]:
    """Every line, page by page."""
    lines: list[custody.InboxThread] = []
    before: str | None = None
    while True:
        page = await inbox(s, who, limit=limit, before=before)
        lines += page.threads
        before = page.before
        if before is None:
            return lines


async def test_what_is_owed_comes_first_by_its_promise_then_the_latest_written(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        quiet, quieter, early, late, closed = [await opened(s, by=BEN) for _ in range(5)]
        for thread in (early, late, closed):
            await send(s, thread, "hello?", MARIA)
        for thread in (quieter, quiet):
            await send(s, thread, "how are you?", BEN)
        await s.ask(messaging.CLOSE_THREAD, messaging.OfThread(thread=closed), as_=BEN)
        for limit in (1, 2, 50):
            lines = await walked(s, BEN, limit)
            assert [line.thread for line in lines] == [early, late, quiet, quieter]
            assert [line.due is not None for line in lines] == [True, True, False, False]
        assert [(line.opens, line.patient, line.unread) for line in lines] == [
            (True, s.person(MARIA), count) for count in (1, 1, 0, 0)
        ]
        assert [line.thread for line in await walked(s, GRACE, 50)] == [early, late]
        [first, *_] = await s.fetch(
            "messaging", "SELECT actor, range FROM audit WHERE operation = $1 ORDER BY id", custody.INBOX.subject
        )
        assert tuple(first) == (str(s.person(BEN)), f"1 threads, {early} to {early}")


async def test_support_sees_an_unclaimed_thread_as_a_line_without_content(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await thread_of(s, ThreadKind.SUPPORT)
        await send(s, thread, "the bill is wrong", MARIA)
        [line] = (await inbox(s, SAM)).threads
        assert (line.thread, line.kind, line.opens, line.assigned) == (thread, ThreadKind.SUPPORT, False, None)
        assert (line.patient, line.sequence, line.unread) == (None, None, None)
        assert line.due is not None
        assert timedelta(minutes=59) < line.due - s.clock() <= timedelta(hours=1)
        await claim(s, thread, SAM)
        [line] = (await inbox(s, SAM)).threads
        assert (line.opens, line.patient, line.unread, line.assigned) == (True, s.person(MARIA), 1, s.person(SAM))
        await send(s, thread, "we look at it", SAM)
        assert [line.due for line in (await inbox(s, SAM)).threads] == [None]
        await hand(s, thread, SAM, team="care")
        assert (await inbox(s, SAM)).threads == []
        assert (await inbox(s, GRACE)).threads == []


async def test_unread_counts_what_others_wrote_and_nobody_showed_one(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        await send(s, thread, "one", MARIA)
        await send(s, thread, "two", MARIA)
        await send(s, thread, "an answer to something else", BEN)
        assert (await unread(s, BEN, thread), await unread(s, MARIA, thread)) == (2, 1)
        await send(s, thread, "three", MARIA)
        assert (await unread(s, BEN, thread), await unread(s, MARIA, thread)) == (3, 1)
        page = await s.ask(messaging.MESSAGES, messaging.ReadMessages(thread=thread), as_=MARIA)
        assert page.read_by_staff == 0
        for upto, left in ((1, 2), (2, 1), (4, 0)):
            await s.ask(messaging.MARK_READ, messaging.MarkRead(thread=thread, sequence=upto), as_=BEN)
            assert await unread(s, BEN, thread) == left
        await send(s, thread, "seen", BEN)
        page = await s.ask(messaging.MESSAGES, messaging.ReadMessages(thread=thread), as_=MARIA)
        assert (page.read_by_patient, page.read_by_staff) == (2, 5)


async def test_unread_is_right_when_both_write_at_once(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        writers = [(MARIA, 25), (BEN, 15)]
        await asyncio.gather(*(send(s, thread, f"{n}", who) for who, count in writers for n in range(count)))
        by = {
            row["author"]: row["last"]
            for row in await s.fetch("messaging", "SELECT author, max(sequence) AS last FROM message GROUP BY author")
        }
        assert (await unread(s, BEN, thread), await unread(s, MARIA, thread)) == (25, 15)
        for who, other in ((BEN, MARIA), (MARIA, BEN)):
            await s.ask(messaging.MARK_READ, messaging.MarkRead(thread=thread, sequence=by[s.person(other)]), as_=who)
            assert await unread(s, who, thread) == 0


async def test_a_patients_threads_come_page_by_page_each_once(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        made = [await opened(s) for _ in range(5)]
        seen: list[UUID] = []
        before: str | None = None
        while True:
            ask = messaging.ReadThreads(patient=s.person(MARIA), limit=2, before=before)
            page = await s.ask(messaging.THREADS, ask, as_=MARIA)
            seen += [line.thread for line in page.threads]
            before = page.before
            if before is None:
                break
        assert seen == made[::-1]
        looked = await s.fetch("messaging", "SELECT range FROM audit WHERE operation = $1", messaging.THREADS.subject)
        assert [row["range"] for row in looked] == [
            f"2 threads, {made[4]} to {made[3]}",
            f"2 threads, {made[2]} to {made[1]}",
            f"1 threads, {made[0]} to {made[0]}",
        ]


@pytest.mark.parametrize("cursor", ["x", "2027-05-01T00:00:00_", "2027-05-01T00:00:00+00:00_" + str(UUID(int=1)), "_"])
async def test_a_cursor_that_no_list_gave_is_refused(stack: Any, cursor: str) -> None:
    async with stack("directory", "messaging") as s:
        for attempt in (
            inbox(s, AMARA, before=cursor),
            s.ask(messaging.THREADS, messaging.ReadThreads(patient=s.person(MARIA), before=cursor), as_=MARIA),
        ):
            with pytest.raises(Refusal, match="bad-cursor"):
                await attempt


def rows_touched(plan: dict[str, Any]) -> int:
    """How many rows the plan's nodes gave, all together."""
    own = int(plan["Actual Rows"] * plan["Actual Loops"])
    return own + sum(rows_touched(part) for part in plan.get("Plans", []))


async def test_an_inbox_of_ten_thousand_threads_touches_one_page_of_them(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        amara = s.person(AMARA)
        touched = []
        for more in (200, 9_800):
            await s.as_owner("messaging", "DELETE FROM participant")
            async with (await s.db("messaging")).transaction() as tx:
                await tx.execute(SEED, s.person(MARIA), s.clock(), amara, more)
                await tx.execute(TAKES_PART, amara)
            await s.as_owner("messaging", "ANALYZE thread, participant")
            async with (await s.db("messaging")).transaction() as tx:
                explain = "EXPLAIN (ANALYZE, FORMAT JSON) " + INBOX
                found = await tx.fetchval(explain, amara, ["care"], FIRST.urgency, FIRST.thread, 50)
            touched.append(rows_touched(json.loads(found)[0]["Plan"]))
        assert touched[1] < 1.3 * touched[0]
        lines = await walked(s, AMARA, 100)
        assert len({line.thread for line in lines}) == len(lines) == 10_000
        dues = [line.due for line in lines if line.due]
        assert dues == sorted(dues)
        rest = [line.last_at for line in lines[len(dues) :]]
        assert rest == sorted(rest, reverse=True)
        assert all(line.due is None for line in lines[len(dues) :])
