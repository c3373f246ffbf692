import asyncio
import io
from typing import Any
from uuid import UUID

import msgspec
import pytest
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

from shared.bus import Bus
from shared.bus.endpoint import fault
from shared.identity.people import Role
from shared.requests import booking, directory, messaging, pharmacy
from shared.requests.common import OfPatient
from shared.requests.directory import AskMe, Me
from shared.settings import SettingsWrong
from tests.shared.line import MARIA, Line, told

CANARY = "chest pain since this morning"


async def who(_: Any, call: Any, __: AskMe) -> Me:
    return Me(person=call.person.id, name="Maria", roles=[Role.PATIENT], teams=[], time_zone="UTC")


async def found_no_offers(*_: Any) -> booking.Offers:
    return booking.Offers(emergency=None, offers=[])


async def raw(bus: Bus, op: Any, body: bytes, headers: dict[str, str]) -> Any:
    return await bus.nats.request(op.subject, body, timeout=2, headers=headers)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a.b.c", "Bearer x y"])
async def test_who_shows_no_token_is_not_answered(line: Line, authorization: str) -> None:
    await line.serve({directory.ME: who})
    gateway = await line.bus("gateway")
    headers = {**line.headers(), "Authorization": authorization}
    assert told(await raw(gateway, directory.ME, b"", headers))["status"] == 401


async def test_a_role_that_is_not_listed_is_refused(line: Line) -> None:
    await line.serve({booking.FIND_OFFERS: found_no_offers})
    gateway = await line.bus("gateway")
    refused = told(await raw(gateway, booking.FIND_OFFERS, b"{}", line.headers("noor-haddad")))
    assert (refused["status"], refused["code"]) == (403, "forbidden")


async def test_a_person_cannot_ask_what_only_services_may(line: Line) -> None:
    await line.serve({pharmacy.PARTNER: found_no_offers})
    gateway = await line.bus("gateway")
    for name in ("olive-park", "priya-nair", "maria-lopez"):
        assert told(await raw(gateway, pharmacy.PARTNER, b"{}", line.headers(name)))["status"] == 403


async def test_a_request_whose_deadline_has_passed_is_dropped_unstarted(line: Line) -> None:
    asked: list[Any] = []

    async def count(ground: Any, call: Any, ask: AskMe) -> Me:
        asked.append(call)
        return await who(ground, call, ask)

    await line.serve({directory.ME: count})
    gateway = await line.bus("gateway")
    with pytest.raises(NatsTimeoutError):
        await gateway.nats.request(directory.ME.subject, b"", timeout=0.3, headers=line.headers(seconds=-0.1))
    assert (await raw(gateway, directory.ME, b"", line.headers())).headers is None
    assert len(asked) == 1


@pytest.mark.parametrize("deadline", ["soon", "-1", "1e9", "9" * 16, "\u0661"])
async def test_a_deadline_that_is_no_moment_is_refused(line: Line, deadline: str) -> None:
    await line.serve({directory.ME: who})
    gateway = await line.bus("gateway")
    refused = told(await raw(gateway, directory.ME, b"", {**line.headers(), "Baton-Deadline": deadline}))
    assert (refused["status"], refused["field"]) == (400, "Baton-Deadline")


async def test_what_takes_longer_than_the_deadline_is_given_up(line: Line) -> None:
    ended: list[str] = []

    async def never(*_: Any) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("given up")

    await line.serve({directory.ME: never})
    gateway = await line.bus("gateway")
    refused = told(await raw(gateway, directory.ME, b"", line.headers(seconds=0.2)))
    assert (refused["status"], refused["code"], ended) == (503, "no-answer", ["given up"])


@pytest.mark.parametrize(
    ("body", "field", "problem"),
    [
        (f'{{"reason":"x","pain":"{CANARY}"}}', "pain", "unknown"),
        (f'{{"reason":["{CANARY}"]}}', "reason", "wrong kind of value"),
        (f'{{"reason":"x","patient":"{CANARY}"}}', "patient", "wrong kind of value"),
        (f'{{"reason":"x","kind":"{CANARY}"}}', "kind", "wrong kind of value"),
        (f'{{"reason":"x","visit_type":"{CANARY}"}}', "visit_type", "wrong kind of value"),
        (f'{{"reason":"x","{CANARY}":1}}', "", "wrong kind of value"),
        (f'{{"reason":"{CANARY * 400}"}}', "reason", "too long"),
        ('{"reason":""}', "reason", "too short"),
        (f'{{"reason":"{CANARY}","days":[8]}}', "days[0]", "too large"),
        (f'{{"reason":"{CANARY}","days":[0]}}', "days[0]", "too small"),
        (f'["{CANARY}"]', "", "wrong kind of value"),
        (f'{{"reason":"{CANARY}', "", "not JSON"),
        ("[" * 5000, "", "wrong kind of value"),
        ('{"reason":' + "[" * 5000, "reason", "wrong kind of value"),
    ],
)
async def test_a_request_out_of_form_names_the_field_and_nothing_of_its_value(
    line: Line, lines: io.StringIO, body: str, field: str, problem: str
) -> None:
    await line.serve({booking.FIND_OFFERS: found_no_offers})
    gateway = await line.bus("gateway")
    message = await raw(gateway, booking.FIND_OFFERS, body.encode(), line.headers())
    refused = told(message)
    assert (refused["status"], refused["field"], refused["problem"]) == (400, field, problem)
    assert CANARY not in message.data.decode() + str(message.headers) + lines.getvalue()


async def test_a_request_without_what_it_needs_names_what_is_missing(line: Line) -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError

    await line.serve({booking.APPOINTMENT: never})
    gateway = await line.bus("gateway")
    refused = told(await raw(gateway, booking.APPOINTMENT, b"{}", line.headers()))
    assert (refused["status"], refused["field"], refused["problem"]) == (400, "appointment", "missing")


async def test_bytes_that_are_no_text_are_not_json(line: Line) -> None:
    await line.serve({booking.FIND_OFFERS: found_no_offers})
    gateway = await line.bus("gateway")
    for body in (b'{"reason":"\xff\xfe"}', b"\x00\x01", b'{"reason":"\\ud800"}'):
        assert told(await raw(gateway, booking.FIND_OFFERS, body, line.headers()))["status"] == 400


def test_the_path_of_a_fault_reaches_into_lists() -> None:
    assert fault("Expected `int`, got `str` - at `$.hours[...].weekday`") == (
        "hours[...].weekday",
        "wrong kind of value",
    )
    assert fault("Object missing required field `opens` - at `$.hours[...]`") == ("hours[...].opens", "missing")


async def test_a_query_may_be_written_as_words_and_a_command_may_not(line: Line) -> None:
    async def refills(_: Any, __: Any, ask: messaging.ReadMessages) -> messaging.Messages:
        return messaging.Messages(thread=ask.thread, messages=[], before=None, read_by_patient=0, read_by_staff=0)

    async def never(*_: Any) -> Any:
        raise AssertionError

    await line.serve({messaging.MESSAGES: refills, messaging.MARK_READ: never})
    gateway = await line.bus("gateway")
    asked = f'{{"thread":"{MARIA}","limit":"20"}}'.encode()
    assert (await raw(gateway, messaging.MESSAGES, asked, line.headers())).headers is None
    command = f'{{"thread":"{MARIA}","sequence":"1"}}'.encode()
    refused = told(await raw(gateway, messaging.MARK_READ, command, line.headers(key="k")))
    assert (refused["status"], refused["field"]) == (400, "sequence")


@pytest.mark.parametrize("key", ["", "with space", "x" * 201, "caf\u00e9", "tab\there"])
async def test_a_command_needs_a_key_of_visible_characters(line: Line, key: str) -> None:
    await line.serve({messaging.MARK_READ: found_no_offers})
    gateway = await line.bus("gateway")
    refused = told(await raw(gateway, messaging.MARK_READ, b"{}", {**line.headers(), "Idempotency-Key": key}))
    assert (refused["status"], refused["code"]) == (400, "idempotency-key-missing")


async def test_a_request_larger_than_its_operation_takes_is_refused_unread(line: Line) -> None:
    await line.serve({booking.FIND_OFFERS: found_no_offers})
    gateway = await line.bus("gateway")
    body = b" " * (booking.FIND_OFFERS.largest + 1)
    assert told(await raw(gateway, booking.FIND_OFFERS, body, line.headers()))["status"] == 413


async def test_nothing_of_an_exception_leaves_the_process(line: Line, lines: io.StringIO) -> None:
    async def breaks(*_: Any) -> Any:
        raise ValueError(CANARY) from KeyError(CANARY)

    await line.serve({directory.ME: breaks})
    gateway = await line.bus("gateway")
    message = await raw(gateway, directory.ME, b"", line.headers())
    assert told(message)["status"] == 500
    async with line.ops() as ops:
        stats = await ops.request("$SRV.STATS.directory", b"", timeout=1)
    assert '"error":"ValueError < KeyError"' in lines.getvalue()
    for said in (message.data.decode(), str(message.headers), stats.data.decode(), lines.getvalue()):
        assert CANARY not in said
    endpoint = msgspec.json.decode(stats.data)["endpoints"][0]
    assert (endpoint["num_errors"], endpoint["last_error"]) == (1, "500:internal")


async def test_an_answer_of_another_kind_than_declared_is_not_sent(line: Line, lines: io.StringIO) -> None:
    await line.serve({directory.ME: found_no_offers})
    gateway = await line.bus("gateway")
    assert told(await raw(gateway, directory.ME, b"", line.headers()))["status"] == 500
    assert "request.failed" in lines.getvalue()


async def test_too_large_an_answer_is_said_so_and_not_sent(line: Line, lines: io.StringIO) -> None:
    async def long(_: Any, call: Any, __: AskMe) -> Me:
        return Me(person=call.person.id, name="x" * (1 << 20), roles=[], teams=[], time_zone="UTC")

    await line.serve({directory.ME: long})
    gateway = await line.bus("gateway")
    assert told(await raw(gateway, directory.ME, b"", line.headers()))["status"] == 500
    assert "answer.too-large" in lines.getvalue()


async def test_no_answer_goes_anywhere_but_to_an_inbox(line: Line) -> None:
    asked: list[Any] = []

    async def count(ground: Any, call: Any, ask: AskMe) -> Me:
        asked.append(call)
        return await who(ground, call, ask)

    await line.serve({directory.ME: count})
    gateway = await line.bus("gateway")
    for reply in ("care.directory.v1.patient.erased.none", "svc.directory.me", ""):
        await gateway.nats.publish(directory.ME.subject, b"", reply=reply, headers=line.headers())
    assert (await raw(gateway, directory.ME, b"", line.headers())).headers is None
    assert len(asked) == 1


async def test_a_service_tells_who_it_is_what_it_serves_and_how_it_goes(line: Line) -> None:
    await line.serve({directory.ME: who})
    gateway = await line.bus("gateway")
    await raw(gateway, directory.ME, b"", line.headers())
    async with line.ops() as ops:
        ping = msgspec.json.decode((await ops.request("$SRV.PING", b"", timeout=1)).data)
        assert (ping["type"], ping["name"]) == ("io.nats.micro.v1.ping_response", "directory")
        for verb in ("PING", "INFO", "STATS"):
            for name in ("", ".directory", f".directory.{ping['id']}"):
                told_of = msgspec.json.decode((await ops.request(f"$SRV.{verb}{name}", b"", timeout=1)).data)
                assert told_of["type"] == f"io.nats.micro.v1.{verb.lower()}_response"
                assert told_of["id"] == ping["id"]
        info = msgspec.json.decode((await ops.request("$SRV.INFO.directory", b"", timeout=1)).data)
        stats = msgspec.json.decode((await ops.request("$SRV.STATS.directory", b"", timeout=1)).data)
        with pytest.raises(NoRespondersError):
            await ops.request("$SRV.PING.booking", b"", timeout=1)
    assert info["endpoints"] == [
        {"name": "me", "subject": "svc.directory.me", "queue_group": "directory", "metadata": {}}
    ]
    counted = stats["endpoints"][0]
    assert (counted["num_requests"], counted["num_errors"], counted["last_error"]) == (1, 0, "")
    assert counted["average_processing_time"] == counted["processing_time"] > 0


async def test_commands_are_not_served_without_the_secret_that_fingerprints_them(line: Line) -> None:
    bus = await line.bus("messaging")
    bare = Bus(service="messaging", nats=bus.nats, js=bus.js, verifier=bus.verifier, tokens=bus.tokens)
    with pytest.raises(SettingsWrong):
        await line.serve({messaging.MARK_READ: who}, bus=bare)


async def test_time_under_way_is_the_grounds_and_the_deadline_the_machines(line: Line) -> None:
    seen: list[Any] = []

    async def patient(_: Any, call: Any, ask: OfPatient) -> directory.MayOpen:
        seen.append(call)
        return directory.MayOpen(ground=None, relationship=UUID(int=1))

    await line.serve({directory.MAY_OPEN: patient})
    gateway = await line.bus("gateway")
    await raw(gateway, directory.MAY_OPEN, f'{{"patient":"{MARIA}"}}'.encode(), line.headers(seconds=1.0))
    call = seen[0]
    assert 0 < (call.deadline - call.now).total_seconds() <= 1.0
    assert call.token in line.headers()["Authorization"] or call.token.count(".") == 2
