"""Live updates: each event once and in order, resumed where the app broke off, shown only to whom it concerns."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest

from baton_events import TYPES, billing, booking, common, directory, handoffs
from baton_events.codes import HandoffName, ServiceName
from baton_events.envelope import parse, render
from services.gateway.live import shown
from services.gateway.live.listener import MOST_WAITING, Listener
from services.gateway.live.shown import shown_on
from shared.requests.directory import Ground
from tests.gateway.conftest import Gateway, Opening
from tests.gateway.streams import Reader, live

ROOM = "team:room:0ff1ce00-0000-4000-8000-000000000003"
LAB = "team:lab:0ff1ce00-0000-4000-8000-000000000003"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - the gateway tells nobody
            await asyncio.sleep(0.01)


def left(patient: UUID) -> booking.VideoLeft:
    return booking.VideoLeft(video=uuid4(), patient=patient)


async def sequences(reader: Reader, count: int) -> list[int]:
    return [int((await reader.next()).id or 0) for _ in range(count)]


async def test_a_patient_sees_what_happens_to_them_as_it_happens(gateway: Gateway) -> None:
    maria, other = gateway.stack.person("maria-lopez"), gateway.stack.person("jonas-weber")
    async with live(gateway) as reader, live(gateway, "jonas-weber") as beside:
        others = await gateway.publish(left(other))
        assert (await beside.next()).id == str(others)
        event = left(maria)
        place = await gateway.publish(event, sequence=3)
        told = await reader.next()
        assert told.id == str(place)
        assert told.data["type"] == "care.booking.v1.video.left"
        assert told.data["subject"] == str(event.video)
        assert told.data["sequence"] == 3
        assert told.data["data"] == {"video": str(event.video), "patient": str(maria)}
        assert set(told.data) == {"id", "type", "subject", "sequence", "time", "data"}
        assert str(other) not in reader.text


async def test_resuming_gives_what_was_missed_once_and_in_order(gateway: Gateway) -> None:
    maria = gateway.stack.person("maria-lopez")
    async with live(gateway) as reader:
        first = await gateway.publish(left(maria))
        assert await sequences(reader, 1) == [first]
    missed = []
    for number in range(250):
        await gateway.publish(left(uuid4()))
        if number % 2:
            missed.append(await gateway.publish(left(maria)))
    async with live(gateway, last=str(first)) as reader:
        missed.append(await gateway.publish(left(maria)))
        assert await sequences(reader, len(missed)) == missed
        last = await gateway.publish(left(maria))
        assert await sequences(reader, 1) == [last]


async def test_an_app_that_breaks_off_again_and_again_misses_nothing_and_sees_nothing_twice(gateway: Gateway) -> None:
    maria = gateway.stack.person("maria-lopez")
    published: list[int] = []

    async def happen() -> None:
        for _ in range(300):
            published[len(published) :] = [await gateway.publish(left(maria))]

    async with live(gateway) as reader:
        last = reader.last
    happening = asyncio.create_task(happen())
    seen: list[int] = []
    while len(seen) < 300:
        async with live(gateway, last=last) as reader:
            seen += await sequences(reader, 1)
            seen += [int(told.id) for told in _all(reader) if told.id and told.name == "message"]
            last = str(seen[-1])
    await happening
    assert seen == published


def _all(reader: Reader):  # noqa: ANN202 - what has been told so far
    while not reader.told.empty():
        yield reader.told.get_nowait()


async def test_a_stream_lives_through_a_restart_of_the_broker(gateway: Gateway) -> None:
    broker = gateway.stack.servers.broker
    maria = gateway.stack.person("maria-lopez")
    async with live(gateway) as reader:
        published = [await gateway.publish(left(maria))]
        broker.kill()
        broker.start()
        await broker.ready()
        published += [await _until_published(gateway, maria) for _ in range(20)]
        assert await sequences(reader, len(published)) == published


async def _until_published(gateway: Gateway, patient: UUID) -> int:
    async with asyncio.timeout(15):
        while True:
            try:
                return await gateway.publish(left(patient))
            except Exception:  # noqa: BLE001 - the broker is away
                await asyncio.sleep(0.02)


async def test_the_stream_ends_when_the_sign_in_does(gateway: Gateway) -> None:
    nearly_over = gateway.stack.token("maria-lopez", seconds=-9.0)
    async with live(gateway, token=nearly_over) as reader:
        assert (await reader.next("end")).data == {"reason": "signed-out"}


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("amara-okafor", "UPDATE relationship SET ended_at = now() - interval '1 second'"),
        ("aisha-khan", "UPDATE proxy SET ended_at = now() - interval '1 second'"),
    ],
)
async def test_the_stream_ends_when_the_record_no_longer_opens(opened: Opening, who: str, change: str) -> None:
    patient = {"amara-okafor": "maria-lopez", "aisha-khan": "samira-khan"}[who]
    async with opened("directory", live_check_seconds="0.1") as gateway:
        query = f"?patient={gateway.stack.person(patient)}"
        async with live(gateway, who, query=query) as reader:
            await gateway.stack.as_owner("directory", change)
            assert (await reader.next("end")).data == {"reason": "no-access"}
        assert (await gateway.send("GET", f"/v1/live{query}", who=who)).code == "not-found"


async def test_a_clinician_who_is_somebodys_proxy_sees_no_more_of_their_patients(opened: Opening) -> None:
    async with opened("directory") as gateway:
        maria = gateway.stack.person("maria-lopez")
        both = gateway.stack.token("amara-okafor", roles=["clinician", "proxy"])
        async with live(gateway, token=both, query=f"?patient={maria}") as reader:
            await gateway.publish(billing.ChargeRecorded(charge=uuid4(), quote=uuid4(), patient=maria))
            place = await gateway.publish(left(maria))
            assert await sequences(reader, 1) == [place]


async def test_staff_are_told_whose_list_changed_and_nothing_of_whom(gateway: Gateway) -> None:
    handoff, patient = uuid4(), uuid4()
    same = {"handoff": handoff, "name": HandoffName.VISIT_ROOM, "case": uuid4(), "patient": patient}
    async with live(gateway, "noor-haddad") as room, live(gateway, "luis-ortega") as lab:
        due = datetime(2026, 11, 21, 18, tzinfo=UTC)
        await gateway.publish(handoffs.HandoffOpened(**same, owner=ROOM, due=due))
        assert (await room.next("work")).data == {"owner": ROOM}
        await gateway.publish(handoffs.HandoffMoved(**same, owner=LAB, previous_owner=ROOM, due=due), sequence=2)
        assert (await room.next("work")).data == {"owner": ROOM}
        assert (await lab.next("work")).data == {"owner": LAB}
        await gateway.publish(handoffs.HandoffClosed(**same, owner=LAB), sequence=3)
        assert (await lab.next("work")).data == {"owner": LAB}
        assert await room.nothing_more("work")
        for text in (room.text, lab.text):
            assert str(patient) not in text
            assert str(handoff) not in text


async def test_a_stream_is_refused_to_whom_it_does_not_concern(gateway: Gateway) -> None:
    somebody = uuid4()
    assert (await gateway.send("GET", f"/v1/live?patient={somebody}", who="sam-porter")).status == 403
    assert (await gateway.send("GET", f"/v1/live?patient={somebody}")).status == 503  # directory decides
    assert (await gateway.send("GET", "/v1/live?patient=x")).status == 400
    assert (await gateway.send("GET", "/v1/live?whose=x")).json["field"] == "whose"


async def test_open_streams_are_bounded(opened: Opening) -> None:
    async with opened(most_live="3", most_live_each="2") as gateway:
        async with live(gateway), live(gateway):
            third = await gateway.send("GET", "/v1/live")
            assert (third.status, third.code) == (429, "too-many-streams")
            async with live(gateway, "jonas-weber"):
                full = await gateway.send("GET", "/v1/live", who="noor-haddad")
                assert (full.status, full.code) == (503, "busy")
        await until(lambda: not gateway.door.hub._of_patient)
        async with live(gateway), live(gateway):
            pass


async def test_the_gateway_listens_only_for_those_connected(gateway: Gateway) -> None:
    hub = gateway.door.hub
    maria = gateway.stack.person("maria-lopez")
    async with live(gateway), live(gateway), live(gateway, "noor-haddad"):
        assert set(hub._subscriptions) == {f"live.*.v1.*.*.{maria}", "live.handoffs.v1.handoff.*.*"}
    await until(lambda: not (hub._subscriptions or hub._of_patient or hub._of_owner))


async def test_a_client_that_does_not_read_is_dropped(opened: Opening) -> None:
    async with opened(live_send_seconds="0.3", live_ping_seconds="0.2") as gateway:
        maria = gateway.stack.person("maria-lopez")
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.ground.port, limit=1024)
        token = gateway.as_("maria-lopez")["Authorization"]
        writer.write(f"GET /v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode())
        hub = gateway.door.hub
        await until(lambda: bool(hub._of_patient))
        async with asyncio.timeout(60):
            while hub._of_patient:
                await asyncio.gather(*(gateway.publish(left(maria)) for _ in range(256)))
        writer.close()


def test_a_listener_keeps_little_and_knows_when_it_missed_something() -> None:
    listener = Listener(uuid4(), frozenset())
    for number in range(MOST_WAITING * 4):
        listener.hear(number)  # type: ignore[arg-type]
    assert listener.behind
    assert len(listener.waiting) == MOST_WAITING
    listener.catch_up()
    assert not listener.waiting
    listener.hear(1)  # type: ignore[arg-type]
    assert len(listener.waiting) == 1


@pytest.mark.parametrize("type_", TYPES)
def test_every_event_about_a_patient_is_shown_to_them_or_to_nobody(type_: str) -> None:
    event = TYPES[type_]
    about_a_patient = "patient" in event.__struct_fields__
    assert (event.kind.noun in shown.OWN) == about_a_patient


def test_what_the_practice_keeps_of_itself_is_shown_on_no_ground() -> None:
    for ground in Ground:
        assert common.AUDIT_CHECKPOINTED[ServiceName.BOOKING].kind.type not in shown_on(ground)
        assert (directory.ErasureRequested.kind.type in shown_on(ground)) == (ground is Ground.SELF)


@pytest.mark.parametrize("name", HandoffName)
def test_that_a_patient_asked_to_be_erased_is_shown_as_work_to_themselves_alone(name: HandoffName) -> None:
    owed = handoffs.HandoffOpened(
        handoff=uuid4(), name=name, case=uuid4(), owner="team:privacy", due=datetime.now(UTC), patient=uuid4()
    )
    data = msgspec.json.encode(owed)
    body = render(id=uuid4(), type=owed.kind.type, entity=owed.entity, sequence=1, time=datetime.now(UTC), data=data)
    seen = {ground for ground in Ground if shown.shows(parse(body), ground)}
    assert seen == ({Ground.SELF} if name is HandoffName.RECORD_ERASE else set(Ground))
