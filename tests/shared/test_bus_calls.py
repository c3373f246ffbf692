import asyncio
import io
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.bus import NoAnswer
from shared.bus.connection import connect, tls_for
from shared.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge, Unavailable
from shared.identity.people import Person, Role, ServiceCaller
from shared.requests import booking, directory
from shared.requests.booking import AppointmentStatus
from shared.requests.common import OfPatient
from shared.requests.directory import AskMe, Me, PatientCard
from shared.settings import SettingsWrong
from shared.telemetry import trace
from tests.shared.line import MARIA, Line, later, until
from tests.support.broker import Broker

APPOINTMENT = UUID(int=5)


def me(call: Any) -> Me:
    return Me(person=call.person.id, name="Maria", roles=sorted(call.person.roles), teams=[], time_zone="UTC")


def card(patient: UUID) -> PatientCard:
    return PatientCard(
        patient=patient,
        name="Maria",
        birth_date=date(1984, 1, 1),
        state="CA",
        time_zone="America/Los_Angeles",
        own_clinician=None,
        latitude=0,
        longitude=0,
    )


async def test_a_person_is_answered_as_themselves(line: Line) -> None:
    async def who(_: Any, call: Any, __: AskMe) -> Me:
        return me(call)

    await line.serve({directory.ME: who})
    gateway = await line.bus("gateway")
    answer = await gateway.call(directory.ME, AskMe(), behalf=line.call(directory.ME))
    assert (answer.person, answer.roles) == (MARIA, [Role.PATIENT])


async def test_a_call_on_behalf_of_somebody_carries_their_token_deadline_and_trace(line: Line) -> None:
    seen: list[Any] = []

    async def may_open(_: Any, call: Any, __: OfPatient) -> directory.MayOpen:
        seen.append((call.caller, call.deadline, trace.current_trace_id()))
        return directory.MayOpen(ground=None)

    await line.serve({directory.MAY_OPEN: may_open})
    visits = await line.bus("visits")
    behalf = line.call(directory.MAY_OPEN, "ben-whitfield", seconds=1.5)
    with trace.following(None) as trace_id:
        await visits.call(directory.MAY_OPEN, OfPatient(patient=MARIA), behalf=behalf)
    caller, deadline, seen_trace = seen[0]
    assert isinstance(caller, Person)
    assert caller.id == line.around.person("ben-whitfield")
    assert abs((deadline - behalf.deadline).total_seconds()) < 0.002
    assert seen_trace == trace_id


async def test_a_service_calling_as_itself_is_known_with_the_event_that_made_it_call(line: Line) -> None:
    seen: list[Any] = []

    async def patient(_: Any, call: Any, ask: OfPatient) -> PatientCard:
        seen.append(call.caller)
        return card(ask.patient)

    await line.serve({directory.PATIENT: patient})
    visits = await line.bus("visits")
    cause = uuid4()
    await visits.call_as_self(directory.PATIENT, OfPatient(patient=MARIA), cause=cause)
    assert [(type(caller), caller.name, caller.cause) for caller in seen] == [(ServiceCaller, "visits", cause)]


async def test_nobody_serving_is_said_at_once(line: Line) -> None:
    gateway = await line.bus("gateway")
    async with asyncio.timeout(0.5):
        with pytest.raises(Unavailable) as refused:
            await gateway.call(directory.ME, AskMe(), behalf=line.call(directory.ME, seconds=10))
    assert (refused.value.code, refused.value.retry_after) == ("unavailable", 1)


async def test_an_answer_that_does_not_come_in_time_is_not_waited_for(line: Line) -> None:
    async def never(*_: Any) -> Me:
        await asyncio.Event().wait()
        raise AssertionError

    await line.serve({directory.ME: never}, drain_seconds=0.1)
    gateway = await line.bus("gateway")
    async with asyncio.timeout(1.5):
        with pytest.raises(NoAnswer):
            await gateway.call(directory.ME, AskMe(), behalf=line.call(directory.ME, seconds=0.3))


async def test_a_call_whose_time_has_passed_is_not_sent(line: Line) -> None:
    asked: list[Any] = []

    async def who(_: Any, call: Any, __: AskMe) -> Me:
        asked.append(call)
        return me(call)

    await line.serve({directory.ME: who})
    gateway = await line.bus("gateway")
    with pytest.raises(NoAnswer):
        await gateway.call(directory.ME, AskMe(), behalf=line.call(directory.ME, seconds=-1))
    await gateway.call(directory.ME, AskMe(), behalf=line.call(directory.ME))
    assert len(asked) == 1


class SlotGone(Conflict):
    """Somebody was faster. Choose one of these."""

    code = "slot-gone"


async def test_a_refusal_arrives_as_it_was_given(line: Line) -> None:
    async def gone(*_: Any) -> Any:
        raise SlotGone(retry_after=3, next=[APPOINTMENT], state=AppointmentStatus.BOOKED)

    await line.serve({booking.APPOINTMENT: gone})
    gateway = await line.bus("gateway")
    ask = booking.OfAppointment(appointment=APPOINTMENT)
    with pytest.raises(SlotGone) as refused:
        await gateway.call(booking.APPOINTMENT, ask, behalf=line.call(booking.APPOINTMENT))
    assert (refused.value.status, refused.value.retry_after) == (409, 3)
    assert refused.value.members == {"next": [str(APPOINTMENT)], "state": "booked"}


async def test_a_refusal_not_known_here_arrives_as_its_kind_with_its_own_code_and_words(line: Line) -> None:
    async def gone(*_: Any) -> Any:
        local = type("OnlyThere", (NotFound,), {"code": "only-there", "__doc__": "Look elsewhere."})
        raise local

    await line.serve({booking.APPOINTMENT: gone})
    gateway = await line.bus("gateway")
    ask = booking.OfAppointment(appointment=APPOINTMENT)
    for _ in range(2):
        with pytest.raises(NotFound) as refused:
            await gateway.call(booking.APPOINTMENT, ask, behalf=line.call(booking.APPOINTMENT))
        assert (refused.value.code, refused.value.detail) == ("only-there", "Look elsewhere.")


async def test_what_is_forwarded_comes_back_as_it_was_answered(line: Line) -> None:
    async def who(_: Any, call: Any, __: AskMe) -> Me:
        if Role.PATIENT not in call.person.roles:
            raise SlotGone(retry_after=7)
        return me(call)

    await line.serve({directory.ME: who})
    gateway = await line.bus("gateway")
    good = await gateway.forward(directory.ME, b"", line.headers(), 1.0)
    assert (good.status, good.retry_after) == (200, None)
    assert b'"name":"Maria"' in good.body
    bad = await gateway.forward(directory.ME, b"", line.headers("noor-haddad"), 1.0)
    assert (bad.status, bad.retry_after) == (409, 7)
    assert b'"code":"slot-gone"' in bad.body


async def test_too_large_a_request_is_refused_here_and_the_connection_lives(line: Line) -> None:
    async def who(_: Any, call: Any, __: AskMe) -> Me:
        return me(call)

    await line.serve({directory.ME: who})
    gateway = await line.bus("gateway")
    room = gateway.nats.max_payload
    for body in (b" " * (room + 1), b" " * (room - 100)):
        with pytest.raises(TooLarge):
            await gateway.forward(directory.ME, body, line.headers(), 1.0)
    assert (await gateway.forward(directory.ME, b"{}", line.headers(), 1.0)).status == 200
    assert "gateway" not in line.closed


async def test_a_header_that_could_be_two_is_refused(line: Line) -> None:
    gateway = await line.bus("gateway")
    for value in ("a\r\nAuthorization: Bearer x", "naïve", "\udce9"):
        with pytest.raises(Invalid):
            await gateway.forward(directory.ME, b"", {**line.headers(), "Idempotency-Key": value}, 1.0)


async def test_a_service_cannot_send_a_request_that_is_not_its_own(line: Line, lines: io.StringIO) -> None:
    async def patient(_: Any, __: Any, ask: OfPatient) -> PatientCard:
        return card(ask.patient)

    await line.serve({directory.PATIENT: patient})
    gateway = await line.bus("gateway")
    with pytest.raises(NoAnswer):
        await gateway.call_as_self(directory.PATIENT, OfPatient(patient=MARIA), cause=None, seconds=0.3)
    assert '"verb":"publish","subject":"svc.directory"' in lines.getvalue()


async def test_a_service_that_may_not_call_as_itself_is_refused_also_by_the_one_it_asks(line: Line) -> None:
    async def facts(*_: Any) -> Any:
        raise AssertionError

    await line.serve({booking.APPOINTMENT: facts})
    gateway = await line.bus("gateway")
    with pytest.raises(Forbidden):
        await gateway.call_as_self(booking.APPOINTMENT, booking.OfAppointment(appointment=APPOINTMENT), cause=None)


async def test_without_a_broker_calls_fail_at_once_and_are_never_sent_late(line: Line, nats_server: Broker) -> None:
    asked: list[Any] = []

    async def who(_: Any, call: Any, __: AskMe) -> Me:
        asked.append(call)
        return me(call)

    await line.serve({directory.ME: who})
    gateway = await line.bus("gateway")
    nats_server.kill()
    try:
        await until(lambda: not gateway.nats.is_connected)
        async with asyncio.timeout(0.5):
            with pytest.raises(Unavailable):
                await gateway.call(directory.ME, AskMe(), behalf=line.call(directory.ME, seconds=30))
    finally:
        nats_server.start()
    async with asyncio.timeout(15):
        while True:
            try:
                await gateway.call(directory.ME, AskMe(), behalf=line.call(directory.ME))
                break
            except Unavailable:
                await asyncio.sleep(0.05)
    assert len(asked) == 1
    assert line.closed == []


async def test_a_service_that_starts_first_waits_for_its_broker(line: Line, nats_server: Broker) -> None:
    nats_server.kill()
    connecting = asyncio.create_task(line.bus("gateway"))
    await asyncio.sleep(0.3)
    assert not connecting.done()
    nats_server.start()
    async with asyncio.timeout(10):
        bus = await connecting
    assert bus.nats.is_connected


async def test_the_end_of_a_connection_is_told(line: Line) -> None:
    bus = await line.bus("gateway")
    await bus.close()
    assert line.closed == ["gateway"]


async def test_a_connection_that_the_broker_ends_is_told_too(line: Line) -> None:
    gateway = await line.bus("gateway")
    too_much = {"X": "x" * 64_000}
    await gateway.nats.publish(directory.ME.subject, b" " * gateway.nats.max_payload, headers=too_much)
    await until(lambda: line.closed == ["gateway"])


async def test_a_connection_in_the_clear_never_leaves_the_private_network() -> None:
    with pytest.raises(SettingsWrong):
        await connect(url="nats://nats.example.org:4222", service="gateway", closed=lambda: None)
    for near in ("nats://127.0.0.1:4222", "nats://nats:4222", "nats://10.2.3.4:4222", "nats://[::1]:4222"):
        assert tls_for([near], None) is None
    assert tls_for(["tls://nats.example.org:4222"], None) is not None
    with pytest.raises(SettingsWrong):
        tls_for(["tls://nats.example.org:4222", "nats://other.example.org:4222"], None)


async def test_a_refusal_of_the_broker_is_logged_without_the_subjects_ids(line: Line, lines: io.StringIO) -> None:
    gateway = await line.bus("gateway")
    await gateway.nats.publish(f"care.booking.v1.appointment.booked.{MARIA}", b"{}")
    await gateway.nats.flush()
    await until(lambda: "nats.refused" in lines.getvalue())
    assert '"subject":"care.booking"' in lines.getvalue()
    assert str(MARIA) not in lines.getvalue()


async def test_a_deadline_is_passed_on_and_never_prolonged(line: Line) -> None:
    seen: list[float] = []

    async def may_open(_: Any, call: Any, __: OfPatient) -> directory.MayOpen:
        seen.append((call.deadline - later(0)).total_seconds())
        return directory.MayOpen(ground=None)

    await line.serve({directory.MAY_OPEN: may_open})
    visits = await line.bus("visits")
    behalf = line.call(directory.MAY_OPEN, seconds=3600)
    await visits.call(directory.MAY_OPEN, OfPatient(patient=MARIA), behalf=behalf)
    assert seen[0] <= 60
