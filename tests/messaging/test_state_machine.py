"""Any course of two patients, three staff, two gateways and two instances of messaging, through kills and reconnects.

No message is lost, doubled, reordered or seen by a stranger; an open app is told of each once and in order.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.messaging.pairs import PAIRED, Pairs, Stream
from tests.messaging.test_threads import treats

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

pytestmark = pytest.mark.timeout(300)

MARIA, JONAS = "maria-lopez", "jonas-weber"
BEN, AMARA, GRACE = "ben-whitfield", "amara-okafor", "grace-kim"
PATIENTS, STAFF = (MARIA, JONAS), (BEN, AMARA, GRACE)
TREATS = {(BEN, MARIA), (AMARA, MARIA), (AMARA, JONAS)}
"""Grace treats nobody: she opens a thread while her team owes an answer in it, or while she sees to it."""

PEOPLE = some.sampled_from([*PATIENTS, *STAFF])
EITHER = some.integers(0, 1)


@dataclass
class Written:
    """A message that was acknowledged."""

    sequence: int
    message: str
    author: str
    text: str
    revision: int = 0
    retracted: bool = False


@dataclass
class Thread:
    """What must be true of a thread."""

    id: str
    patient: str
    written: list[Written] = field(default_factory=list)
    owed: bool = False
    assigned: str | None = None
    closed: bool = False

    def opens_to(self, who: str) -> bool:
        if who in PATIENTS:
            return who == self.patient
        return (who, self.patient) in TREATS or self.owed or self.assigned == who


@dataclass(frozen=True)
class Sent:
    """A request that was acknowledged, as it would be repeated, and its answer."""

    who: str
    body: dict[str, Any]
    key: str
    answer: dict[str, Any]


class World:
    """One practice for all courses; each has threads of its own."""

    pairs: Pairs
    runner: asyncio.Runner
    ids: dict[str, str]


WORLD = World()


@pytest.fixture(scope="module", autouse=True)
def practice() -> Iterator[None]:
    with asyncio.Runner() as runner, TemporaryDirectory() as folder:
        WORLD.runner, WORLD.pairs = runner, runner.run(Pairs.open(Path(folder)))
        s = WORLD.pairs.s
        WORLD.ids = {who: str(s.person(who)) for who in (*PATIENTS, *STAFF)}
        for staff, patient in TREATS:
            runner.run(treats(s, staff, patient))
        yield
        runner.run(WORLD.pairs.close())


class Conversations(RuleBasedStateMachine):
    """What people do, in any order, and what they must find."""

    threads = Bundle("threads")
    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, Thread] = {}
        self.streams = {who: Stream(who) for who in PATIENTS}
        for number, stream in enumerate(self.streams.values()):
            self.run(WORLD.pairs.listen(stream, number))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return WORLD.runner.run(work)

    def ask(self, method: str, path: str, who: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        answer: tuple[int, Any] = self.run(WORLD.pairs.ask(method, path, who, body, **more))
        return answer

    def command(self, thread: Thread, path: str, who: str, body: Any, **more: Any) -> Any:
        """The answer of a command, or none where the thread does not open to them, which they are told."""
        status, told = self.ask("POST", path, who, body, **more)
        if not thread.opens_to(who):
            assert (status, told["code"]) in {(404, "no-such-thread"), (404, "no-such-message"), (403, "forbidden")}
            return None
        return status, told

    @initialize(target=threads)
    def begin(self) -> Any:
        return multiple(*(self.opened(patient) for patient in PATIENTS))

    def opened(self, patient: str) -> Thread:
        status, told = self.ask("POST", "/v1/threads", patient, {"patient": WORLD.ids[patient]})
        assert status == 200
        thread = self.known[told["thread"]] = Thread(told["thread"], patient)
        return thread

    @rule(target=sent, thread=threads, by=some.lists(PEOPLE, min_size=1, max_size=6), gateway=EITHER)
    def converse(self, thread: Thread, by: list[str], gateway: int) -> Any:
        taken = [self.send_while(thread, who, (gateway + number) % 2, []) for number, who in enumerate(by)]
        return multiple(*(one for one in taken if one is not None))

    @rule(
        target=sent,
        thread=threads,
        who=PEOPLE,
        gateway=EITHER,
        part=some.sampled_from(PAIRED),
        number=EITHER,
        turns=some.integers(0, 30),
    )
    def send_through_a_kill(self, thread: Thread, who: str, gateway: int, part: str, number: int, turns: int) -> Any:
        taken = self.send_while(thread, who, gateway, [self.killing(part, number, turns)])
        return multiple() if taken is None else taken

    async def killing(self, part: str, number: int, turns: int) -> None:
        """Let the loop turn so many times before the kill, so that it meets the request anywhere on its way."""
        for _ in range(turns):
            await asyncio.sleep(0)
        await WORLD.pairs.kill(part, number)

    def send_while(self, thread: Thread, who: str, gateway: int, meanwhile: list[Any]) -> Sent | None:
        """Send until there is an answer; none where the message may not be written."""
        key, body = str(uuid4()), {"thread": thread.id, "text": f"words {uuid4()}"}

        async def both() -> Any:
            answer, *_ = await asyncio.gather(
                WORLD.pairs.ask("POST", "/v1/messages", who, body, key=key, gateway=gateway), *meanwhile
            )
            return answer

        status, told = self.run(both())
        if not thread.opens_to(who):
            assert (status, told["code"]) == (404, "no-such-thread")
            return None
        if thread.closed:
            assert (status, told["code"]) == (409, "thread-closed")
            return None
        assert status == 200, told
        assert told["sequence"] == len(thread.written) + 1
        self.stands(thread, who, body, told)
        return Sent(who, body, key, told)

    def stands(self, thread: Thread, who: str, body: dict[str, Any], told: dict[str, Any]) -> None:
        thread.written.append(Written(told["sequence"], told["message"], WORLD.ids[who], body["text"]))
        thread.owed = who in PATIENTS

    @rule(target=sent, thread=threads, count=some.integers(2, 6), repeats=some.booleans(), meanwhile=EITHER)
    def send_many_at_once(self, thread: Thread, count: int, repeats: bool, meanwhile: int) -> Any:
        """Several messages of one moment, while the open app reconnects again and again."""
        if thread.closed:
            return multiple()
        who = thread.patient
        letters = [(str(uuid4()), {"thread": thread.id, "text": f"at once {uuid4()}"}) for _ in range(count)]

        async def reconnecting(work: asyncio.Future[list[Any]]) -> None:
            while not work.done():
                await WORLD.pairs.listen(self.streams[who], meanwhile)

        async def all_at_once() -> list[Any]:
            asking = [
                WORLD.pairs.ask("POST", "/v1/messages", who, body, key=key, gateway=number % 2)
                for number, (key, body) in enumerate(letters * (1 + repeats))
            ]
            work = asyncio.gather(*asking)
            await reconnecting(work)
            return await work

        answers = self.run(all_at_once())
        assert {status for status, _ in answers} == {200}
        assert answers[:count] == answers[count:] or not repeats
        done = sorted(zip(letters, answers[:count], strict=True), key=lambda one: one[1][1]["sequence"])
        for (_, body), (_, told) in done:
            assert told["sequence"] == len(thread.written) + 1
            self.stands(thread, who, body, told)
        return multiple(*(Sent(who, body, key, told) for (key, body), (_, told) in done))

    @rule(one=sent, gateway=EITHER)
    def repeat(self, one: Sent, gateway: int) -> None:
        thread = self.known[one.body["thread"]]
        status, told = self.ask("POST", "/v1/messages", one.who, one.body, key=one.key, gateway=gateway)
        assert (status, told) == (200, one.answer), thread

    @rule(thread=threads, who=PEOPLE, gateway=EITHER, limit=some.sampled_from([1, 3, 40]))
    def read(self, thread: Thread, who: str, gateway: int, limit: int) -> None:
        found: list[Any] = []
        before: int | None = None
        while True:
            query = f"?limit={limit}" + (f"&before={before}" if before else "")
            status, page = self.ask("GET", f"/v1/threads/{thread.id}/messages{query}", who, gateway=gateway)
            if not thread.opens_to(who):
                assert (status, page["code"]) == (404, "no-such-thread")
                return
            assert status == 200
            found += page["messages"]
            before = page["before"]
            if before is None:
                break
        assert [self.as_shown(one) for one in reversed(found)] == [self.expected(one) for one in thread.written]

    def as_shown(self, shown: dict[str, Any]) -> tuple[Any, ...]:
        taken_back = shown["retracted_at"] is not None
        return shown["sequence"], shown["message"], shown["author"], shown["text"], shown["revision"], taken_back

    def expected(self, one: Written) -> tuple[Any, ...]:
        text = "" if one.retracted else one.text
        return one.sequence, one.message, one.author, text, one.revision, one.retracted

    @rule(thread=threads, who=PEOPLE, gateway=EITHER)
    def mark_read(self, thread: Thread, who: str, gateway: int) -> None:
        reach = max(1, len(thread.written))
        told = self.command(thread, "/v1/threads/read", who, {"thread": thread.id, "sequence": reach}, gateway=gateway)
        if told:
            assert told[0] == (200 if thread.written else 409)

    @rule(one=sent, who=PEOPLE, gateway=EITHER)
    def correct(self, one: Sent, who: str, gateway: int) -> None:
        thread = self.known[one.body["thread"]]
        written = thread.written[one.answer["sequence"] - 1]
        body = {"message": written.message, "revision": written.revision, "text": f"better {uuid4()}"}
        told = self.command(thread, "/v1/messages/correct", who, body, gateway=gateway)
        if told is None:
            return
        if who != one.who:
            assert told[0] == 403
        elif thread.closed or written.retracted:
            assert told[0] == 409
        else:
            assert told[0] == 200
            written.revision, written.text = written.revision + 1, body["text"]

    @rule(one=sent, who=PEOPLE, gateway=EITHER)
    def retract(self, one: Sent, who: str, gateway: int) -> None:
        thread = self.known[one.body["thread"]]
        written = thread.written[one.answer["sequence"] - 1]
        told = self.command(thread, "/v1/messages/retract", who, {"message": written.message}, gateway=gateway)
        if told is None:
            return
        if who != one.who:
            assert told[0] == 403
        elif thread.closed or written.retracted or told[1].get("code") == "still-owed":
            assert told[0] == 409
        else:
            assert told[0] == 200
            written.retracted = True

    @rule(thread=threads, who=some.sampled_from(STAFF), gateway=EITHER)
    def claim(self, thread: Thread, who: str, gateway: int) -> None:
        told = self.command(thread, "/v1/threads/claim", who, {"thread": thread.id}, gateway=gateway)
        if told is None:
            return
        if thread.closed or thread.assigned not in {None, who}:
            assert told[0] == 409
        else:
            assert told[0] == 200
            thread.assigned = who

    @rule(thread=threads, who=some.sampled_from(STAFF), gateway=EITHER)
    def release(self, thread: Thread, who: str, gateway: int) -> None:
        told = self.command(thread, "/v1/threads/release", who, {"thread": thread.id}, gateway=gateway)
        if told is None:
            return
        if thread.closed or thread.assigned != who:
            assert told[0] == 409
        else:
            assert told[0] == 200
            thread.assigned = None

    @rule(thread=threads, who=some.sampled_from(STAFF), to=some.sampled_from(STAFF), gateway=EITHER)
    def hand_over(self, thread: Thread, who: str, to: str, gateway: int) -> None:
        body = {"thread": thread.id, "to_person": WORLD.ids[to], "reason": "the end of the shift"}
        told = self.command(thread, "/v1/threads/hand-over", who, body, gateway=gateway)
        if told is None:
            return
        if thread.closed or thread.assigned not in {None, who} or thread.assigned == to:
            assert told[0] == 409
        else:
            assert told[0] == 200
            thread.assigned = to

    @precondition(lambda self: any(one.written for one in self.known.values()))
    @rule(thread=threads, who=some.sampled_from(STAFF), gateway=EITHER)
    def settle(self, thread: Thread, who: str, gateway: int) -> None:
        told = self.command(thread, "/v1/threads/reply-not-needed", who, {"thread": thread.id}, gateway=gateway)
        if told:
            assert told[0] == (200 if thread.owed else 409)
            thread.owed = False

    @rule(thread=consumes(threads), who=some.sampled_from(STAFF), gateway=EITHER)
    def close(self, thread: Thread, who: str, gateway: int) -> None:
        told = self.command(thread, "/v1/threads/close", who, {"thread": thread.id}, gateway=gateway)
        if told:
            assert told[0] == (409 if thread.closed else 200)
            thread.closed, thread.owed = True, False

    @rule(target=threads, patient=some.sampled_from(PATIENTS))
    def begin_another(self, patient: str) -> Thread:
        return self.opened(patient)

    @rule(who=some.sampled_from(PATIENTS), gateway=EITHER)
    def reconnect(self, who: str, gateway: int) -> None:
        self.run(WORLD.pairs.listen(self.streams[who], gateway))

    @invariant()
    def nothing_is_told_twice_or_to_a_stranger(self) -> None:
        for who, stream in self.streams.items():
            stream.take()
            told = [one["id"] for one in stream.told]
            assert len(told) == len(set(told))
            assert all(one["data"]["patient"] == WORLD.ids[who] for one in stream.told)

    def teardown(self) -> None:
        for thread in self.known.values():
            self.read(thread, thread.patient, 0, 40)
        for who, stream in self.streams.items():
            own = [thread for thread in self.known.values() if thread.patient == who]
            self.run(self.all_told(stream, own))
            self.run(stream.close())

    async def all_told(self, stream: Stream, threads: list[Thread]) -> None:
        """After a last reconnect, the app has been told of every message, once, in the order of its thread."""
        await WORLD.pairs.listen(stream, 1 - stream.gateway)
        expected = {thread.id: [one.message for one in thread.written] for thread in threads}

        async def told() -> bool:
            stream.take()
            return sum(map(len, self.heard(stream).values())) >= sum(map(len, expected.values()))

        await WORLD.pairs.s.until(told, seconds=15)
        assert self.heard(stream) == {id_: messages for id_, messages in expected.items() if messages}

    def heard(self, stream: Stream) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one in stream.told:
            if one["type"] == "care.messaging.v1.message.sent":
                found.setdefault(one["data"]["thread"], []).append(one["data"]["message"])
        return found


def test_no_course_loses_doubles_reorders_or_shows_a_message_to_a_stranger() -> None:
    run_state_machine_as_test(
        Conversations,
        settings=settings(
            max_examples=10,
            stateful_step_count=24,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
