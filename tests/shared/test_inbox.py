"""The inbox: every event handled once, what the work refuses set aside, outages waited for."""

from __future__ import annotations

import asyncio
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from baton_events.booking import VideoRequested
from baton_events.codes import ServiceName
from baton_events.common import DEAD_LETTER_RECORDED
from shared.bus import problem, refusal_of
from shared.database import DatabaseUnavailable
from shared.errors import Unavailable
from shared.inbox import consume
from tests.support.clinic import Clinic, at_work, checked_in

if TYPE_CHECKING:
    import io

    from baton_events.visits import VisitCheckedIn
    from tests.support.stack import Open, Stack

RECORDED = DEAD_LETTER_RECORDED[ServiceName.BOOKING]


async def effects(s: Stack) -> list[UUID]:
    rows = await s.fetch("booking", "SELECT entity FROM effect WHERE what = 'check-in' ORDER BY id")
    return [row["entity"] for row in rows]


async def letters(s: Stack) -> list[tuple[str, int]]:
    rows = await s.fetch("booking", "SELECT refusal, attempts FROM dead_letter ORDER BY recorded_at")
    return [(row["refusal"], row["attempts"]) for row in rows]


async def asked_twice(clinic: Clinic, events: list[VisitCheckedIn]) -> bool:
    return all(clinic.seen.count(event.visit) >= 2 for event in events)


async def test_an_event_is_handled_once_with_what_it_leads_to(stack: Open) -> None:
    async with at_work(stack) as s:
        event = checked_in()
        await s.publish(event)
        await s.quiet()
        assert await effects(s) == [event.visit]
        assert [one.event.video for one in await s.events(VideoRequested)] == [event.visit]
        assert await s.fetchval("booking", "SELECT count(*) FROM deadline") == 1


async def test_the_same_event_stored_twice_is_handled_once(stack: Open) -> None:
    async with at_work(stack, duplicate_window=0.1) as s:
        event = checked_in()
        await s.publish(event)
        await s.quiet()
        await asyncio.sleep(0.3)
        message = await s.stream.client.jetstream().get_msg("CARE", 1, direct=True)
        await s.stream.publish_raw(message.subject, message.data, message_id=message.headers["Nats-Msg-Id"])
        await s.quiet()
        assert len(await s.stream.envelopes("care.visits.>")) == 2
        assert await effects(s) == [event.visit]


async def test_events_of_one_patient_are_handled_in_order_while_others_go_on(stack: Open) -> None:
    slow = asyncio.Event()
    clinic = Clinic()
    async with at_work(stack, clinic) as s:
        held, *others = [uuid4() for _ in range(40)]

        async def wait() -> None:
            if clinic.seen[-1] == first.visit:
                await slow.wait()

        first, second = checked_in(patient=held), checked_in(patient=held)
        clinic.before = wait
        for event in (first, second, *(checked_in(patient=other) for other in others)):
            await s.publish(event)
        await s.until(lambda: s.fetchval("booking", "SELECT count(*) > 25 FROM effect"))
        assert not {first.visit, second.visit} & set(await effects(s))
        slow.set()
        await s.quiet()
        done = await effects(s)
        assert done.index(first.visit) < done.index(second.visit)
        assert len(done) == 41


async def test_what_waits_long_for_its_turn_is_delivered_once(stack: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consume, "WORKING_SECONDS", 0.2)
    clinic = Clinic()
    async with at_work(stack, clinic, ack_wait=1) as s:

        async def take_time() -> None:
            await asyncio.sleep(0.1)

        clinic.before = take_time
        events = [checked_in() for _ in range(30)]
        for event in events:
            await s.publish(event)
        await s.quiet(20)
        assert await effects(s) == [event.visit for event in events]
        consumer = await s.stream.client.jetstream().consumer_info("CARE", "booking")
        assert consumer.delivered is not None
        assert consumer.delivered.consumer_seq == 30


async def test_an_event_the_work_refuses_comes_again_and_then_goes_to_ops(stack: Open) -> None:
    poison, fine = checked_in(), checked_in()
    clinic = Clinic(refused={poison.visit})
    async with at_work(stack, clinic, inbox_put_off_seconds="0.05") as s:
        event_id = await s.publish(poison)
        await s.publish(fine)
        (told,) = await s.until(lambda: s.events(RECORDED))
        await s.quiet()
        assert clinic.seen.count(poison.visit) == 5
        assert await effects(s) == [fine.visit]
        assert await letters(s) == [("unwilling", 5)]
        assert (told.event.event, told.event.repair_owner) == (event_id, "team:ops")
        assert abs((told.event.repair_due - told.time).total_seconds() - 3600) < 1
        assert await s.fetchval("booking", "SELECT count(*) FROM refused_event") == 0


async def test_refusals_that_end_are_forgotten(stack: Open) -> None:
    event = checked_in()
    clinic = Clinic(refused={event.visit})
    async with at_work(stack, clinic, inbox_put_off_seconds="0.05") as s:
        await s.publish(event)
        await s.until(lambda: s.fetchval("booking", "SELECT attempts >= 2 FROM refused_event"))
        clinic.refused.clear()
        await s.quiet()
        assert await effects(s) == [event.visit]
        assert await s.fetchval("booking", "SELECT count(*) FROM refused_event") == 0
        assert await letters(s) == []


async def test_what_is_no_event_goes_to_ops_at_once(stack: Open, log: io.StringIO) -> None:
    async with at_work(stack) as s:
        event = checked_in()
        subject = event.kind.subject(event.patient)
        await s.publish(event)
        await s.quiet()
        genuine = (await s.stream.client.jetstream().get_msg("CARE", 1, direct=True)).data or b""
        other = uuid4()
        forged = {
            "not JSON": (subject, b"care for secrets"),
            "another's subject": (event.kind.subject(other), genuine),
            "another's source": (subject, genuine.replace(b"/baton/visits", b"/baton/booking")),
            "another id": (subject, genuine),
            "a PubAck": (subject, b'{"stream":"CARE","seq":7}'),
        }
        for nth, (subject_, body) in enumerate(forged.values()):
            await s.stream.publish_raw(subject_, body, message_id=f"00000000-0000-4000-8000-{nth:012}")
        await s.until(lambda: s.fetchval("booking", "SELECT count(*) = $1 FROM dead_letter", len(forged)))
        await s.quiet()
        assert await letters(s) == [("not-an-event", 1)] * len(forged)
        assert len(await s.events(RECORDED)) == len(forged)
        assert await effects(s) == [event.visit]
        assert "secrets" not in log.getvalue()


async def test_a_service_out_of_reach_counts_nothing(stack: Open) -> None:
    clinic, asked = Clinic(), 0
    async with at_work(stack, clinic, inbox_put_off_seconds="0.05") as s:

        async def ask() -> None:
            nonlocal asked
            asked += 1
            if asked <= 7:
                raise Unavailable(retry_after=0)

        clinic.before = ask
        event = checked_in()
        await s.publish(event)
        await s.until(lambda: effects(s), 20)
        assert asked == 8
        assert await letters(s) == []


async def handled_at_once(s: Stack, clinic: Clinic, events: list[VisitCheckedIn]) -> list[list[UUID]]:
    """Have the first handled while the others come to wait in the same lane: what each transaction did, in order."""
    go, order = asyncio.Event(), "SELECT entity, xmin::text AS tx FROM effect WHERE what = 'check-in' ORDER BY id"
    before = len(await effects(s))

    async def wait() -> None:
        await go.wait()

    clinic.within = wait
    for event in events:
        await s.publish(event)
    await s.until(lambda: everything_waits(s, len(events)))
    go.set()
    await s.quiet()
    rows = (await s.fetch("booking", order))[before:]
    return [[row["entity"] for row in group] for _, group in groupby(rows, key=itemgetter("tx"))]


async def everything_waits(s: Stack, count: int) -> bool:
    """All are with the service, which has had the time to put them into their lane."""
    consumer = await s.stream.client.jetstream().consumer_info("CARE", "booking")
    await asyncio.sleep(0.05)
    return bool(consumer.num_ack_pending == count)


async def test_what_waits_shares_a_transaction_in_its_order(stack: Open) -> None:
    clinic = Clinic(prepares=False)
    async with at_work(stack, clinic, inbox_slots="1") as s:
        events = [checked_in(patient=uuid4()) for _ in range(20)]
        first, *others = [event.visit for event in events]
        assert await handled_at_once(s, clinic, events) == [[first], others[:16], others[16:]]
        assert len(await s.events(VideoRequested)) == 20


async def test_what_breaks_a_shared_transaction_is_refused_alone(stack: Open) -> None:
    clinic = Clinic(prepares=False)
    async with at_work(stack, clinic, inbox_slots="1", inbox_put_off_seconds="0.01") as s:
        events = [checked_in(patient=uuid4()) for _ in range(6)]
        clinic.refused = {events[3].visit}
        done = [event.visit for event in events if event.visit not in clinic.refused]
        assert await handled_at_once(s, clinic, events) == [[visit] for visit in done]
        assert await letters(s) == [("unwilling", 5)]


async def test_a_crash_in_a_shared_transaction_leaves_nothing_of_it_and_all_of_it_is_done_after(stack: Open) -> None:
    clinic, go = Clinic(prepares=False), asyncio.Event()
    async with at_work(stack, clinic, inbox_slots="1", ack_wait=1.0) as s:
        events = [checked_in(patient=uuid4()) for _ in range(6)]

        async def come() -> None:
            """The fourth that comes to the work, the third of those that share it, stays there."""
            clinic.seen.append(uuid4())
            await (asyncio.Event().wait() if len(clinic.seen) == 4 else go.wait())

        clinic.within = come
        for event in events:
            await s.publish(event)
        await s.until(lambda: everything_waits(s, 6))
        go.set()
        await s.until(lambda: is_at(clinic, 4))
        await s.crash("booking")
        assert await effects(s) == [events[0].visit]
        clinic.within = None
        await s.start("booking")
        await s.quiet(20)
        assert sorted(await effects(s)) == sorted(event.visit for event in events)


async def is_at(clinic: Clinic, place: int) -> bool:
    return len(clinic.seen) == place


async def test_many_that_wait_for_a_service_that_hangs_leave_room_for_the_rest(stack: Open) -> None:
    clinic = Clinic()
    async with at_work(stack, clinic, inbox_slots="2") as s:
        waiting = [checked_in(patient=uuid4()) for _ in range(200)]
        hanging = {event.visit for event in waiting}

        async def ask() -> None:
            if clinic.seen[-1] in hanging:
                await asyncio.sleep(0.02)
                raise Unavailable

        clinic.before = ask
        for event in waiting:
            await s.publish(event)
        await s.until(lambda: asked_twice(clinic, waiting), 20)
        fine = [checked_in(patient=uuid4()) for _ in range(5)]
        for event in fine:
            await s.publish(event)
        await s.until(lambda: s.fetchval("booking", "SELECT count(*) = 5 FROM effect"), 10)
        hanging.clear()
        await s.quiet(20)
        assert sorted(await effects(s)) == sorted(event.visit for event in [*waiting, *fine])
        assert await letters(s) == []


async def test_another_services_missing_database_holds_up_no_event_behind(stack: Open) -> None:
    clinic, away = Clinic(), asyncio.Event()
    async with at_work(stack, clinic) as s:
        stuck, behind = checked_in(), checked_in()
        told = refusal_of(problem(DatabaseUnavailable(retry_after=1)))

        async def ask() -> None:
            if clinic.seen[-1] == stuck.visit and not away.is_set():
                raise told

        clinic.before = ask
        await s.publish(stuck)
        await s.publish(behind)
        await s.until(lambda: effects(s))
        assert await effects(s) == [behind.visit]
        away.set()
        await s.quiet()
        assert await effects(s) == [behind.visit, stuck.visit]
        assert await letters(s) == []


async def test_while_the_database_is_away_the_loop_waits_and_counts_nothing(stack: Open) -> None:
    clinic = Clinic()
    async with at_work(stack, clinic) as s:
        stopped = asyncio.Event()

        async def lose_the_database() -> None:
            if not stopped.is_set():
                stopped.set()
                await asyncio.to_thread(s.servers.postgres.kill)

        clinic.within = lose_the_database
        events = [checked_in(patient=uuid4()) for _ in range(12)]
        for event in events:
            await s.publish(event)
        await stopped.wait()
        await asyncio.sleep(1)
        await s.servers.ready()
        await s.until(lambda: s.fetchval("booking", "SELECT count(*) = 12 FROM effect"), 20)
        await s.quiet(20)
        assert sorted(await effects(s)) == sorted(event.visit for event in events)
        assert len(await s.events(VideoRequested)) == 12
        assert await s.fetchval("booking", "SELECT count(*) FROM refused_event") == 0
        assert await letters(s) == []


async def test_while_the_broker_is_away_nothing_is_lost_or_done_twice(stack: Open) -> None:
    async with at_work(stack, ack_wait=2) as s:
        events = [checked_in(patient=uuid4()) for _ in range(30)]
        for event in events[:20]:
            await s.publish(event)
        s.servers.broker.kill()
        await s.servers.ready()
        await s.until(s.connected)
        for event in events[20:]:
            await s.publish(event)
        await s.until(lambda: s.fetchval("booking", "SELECT count(*) >= 30 FROM effect"), 40)
        await s.quiet(40)
        assert sorted(await effects(s)) == sorted(event.visit for event in events)
        assert len(await s.events(VideoRequested)) == 30


async def test_stopping_finishes_what_is_under_way_and_gives_the_rest_back(stack: Open) -> None:
    clinic, begun, go_on = Clinic(), asyncio.Event(), asyncio.Event()
    async with at_work(stack, clinic) as s:

        async def work() -> None:
            begun.set()
            await go_on.wait()

        clinic.within = work
        events = [checked_in() for _ in range(5)]
        for event in events:
            await s.publish(event)
        await begun.wait()
        stopping = asyncio.create_task(s.stop("booking"))
        await asyncio.sleep(0.1)
        go_on.set()
        await stopping
        assert await effects(s) == [events[0].visit]
        assert [one.event.video for one in await s.events(VideoRequested)] == [events[0].visit]
        await s.start("booking")
        await s.quiet()
        assert sorted(await effects(s)) == sorted(event.visit for event in events)
