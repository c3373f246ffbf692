"""Bad input at the door: every refusal is a problem document that says what to do next."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.gateway.conftest import Gateway, Opening

BOOK = {"offer": "o"}


async def test_without_a_token_nothing_is_answered(gateway: Gateway) -> None:
    for method, path in (
        ("GET", "/v1/me"),
        ("POST", "/v1/messages"),
        ("GET", "/v1/live"),
        ("GET", f"/v1/patients/{uuid4()}/story"),
    ):
        refused = await gateway.send(method, path, who=None)
        assert (refused.status, refused.code) == (401, "unauthenticated")
        assert refused.headers["WWW-Authenticate"] == "Bearer"


async def test_tokens_that_are_not_ours_are_refused(gateway: Gateway) -> None:
    now = datetime.now(UTC)
    own = gateway.stack.token("maria-lopez")
    header, payload, signature = own.split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0"
    wrong = {
        "expired": gateway.stack.token("maria-lopez", now=now - timedelta(hours=2)),
        "not yet valid": gateway.stack.token("maria-lopez", now=now + timedelta(hours=2)),
        "wrong audience": gateway.stack.token("maria-lopez", audience="elsewhere"),
        "alg none": f"{none}.{payload}.",
        "alg none, signed": f"{none}.{payload}.{signature}",
        "altered": f"{header}.{payload[:-2]}AA.{signature}",
        "cut": own[:-10],
        "a service's own": gateway.ground.bus.tokens.token("directory", None),
        "not a token": "x",
    }
    for what, token in wrong.items():
        refused = await gateway.send("GET", "/v1/me", who=None, headers={"Authorization": f"Bearer {token}"})
        assert (what, refused.status) == (what, 401)
        assert refused.code == "unauthenticated"


async def test_a_body_over_the_operations_size_is_refused_unread(gateway: Gateway) -> None:
    big = await gateway.command("/v1/messages", {"thread": str(uuid4()), "text": "x" * 40_000})
    assert (big.status, big.code) == (413, "too-large")

    async def chunks():  # noqa: ANN202 - a generator for the client
        for _ in range(64):
            yield b"x" * 1024

    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    streamed = await gateway.send("POST", "/v1/messages", data=chunks(), headers=headers)
    assert (streamed.status, streamed.code) == (413, "too-large")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
    ids=str,
)
async def test_what_does_not_say_it_is_json_is_refused(gateway: Gateway, headers: dict[str, str]) -> None:
    headers = {"Idempotency-Key": "k", **headers}
    refused = await gateway.send("POST", "/v1/appointments", data=json.dumps(BOOK), headers=headers)
    assert (refused.status, refused.code) == (415, "not-json")


@pytest.mark.parametrize("key", [None, "with space", "x" * 201, "ümlaut"])
async def test_a_command_without_a_usable_key_is_told_to_add_one(gateway: Gateway, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    refused = await gateway.send("POST", "/v1/appointments", json=BOOK, headers=headers)
    assert (refused.status, refused.code) == (400, "idempotency-key-missing")
    assert "Idempotency-Key" in refused.json["detail"]


async def test_unknown_addresses_and_methods_are_problem_documents_too(gateway: Gateway) -> None:
    nowhere = await gateway.send("GET", "/v2/nothing")
    assert (nowhere.status, nowhere.code) == (404, "no-such-address")
    for method in ("DELETE", "PUT", "GET"):
        wrong = await gateway.send(method, "/v1/appointments")
        assert (wrong.status, wrong.code) == (405, "method-not-allowed")
        assert wrong.headers["Allow"] == "POST"


async def test_a_value_in_path_and_query_is_refused(gateway: Gateway) -> None:
    refused = await gateway.send("GET", f"/v1/patients/{uuid4()}/visits?patient={uuid4()}")
    assert (refused.status, refused.code, refused.json["field"]) == (400, "given-twice", "patient")
    refused = await gateway.send("GET", "/v1/schedule?day=2026-01-01&day=2026-01-02")
    assert (refused.status, refused.code) == (400, "given-twice")


async def test_a_service_that_is_down_is_told_within_a_second(gateway: Gateway) -> None:
    started = time.monotonic()
    for refused in await asyncio.gather(
        gateway.send("GET", "/v1/me"),
        gateway.command("/v1/appointments", BOOK),
        gateway.send("GET", f"/v1/patients/{uuid4()}/story"),
        gateway.send("GET", f"/v1/patients/{uuid4()}/accesses"),
        gateway.send("GET", f"/v1/live?patient={uuid4()}", who="ben-whitfield"),
    ):
        assert (refused.status, refused.code) == (503, "unavailable")
        assert refused.headers["Retry-After"] == "1"
    assert time.monotonic() - started < 1


async def test_whoever_sends_too_fast_waits_and_others_do_not(opened: Opening) -> None:
    async with opened(caller_rate="1", caller_burst="5") as gateway:
        statuses = [(await gateway.send("GET", "/v1/me")).status for _ in range(8)]
        assert statuses == [503] * 5 + [429] * 3
        slowed = await gateway.send("GET", "/v1/me")
        assert slowed.code == "too-many-requests"
        assert int(slowed.headers["Retry-After"]) >= 1
        assert (await gateway.send("GET", "/v1/me", who="jonas-weber")).status == 503


async def test_an_address_that_guesses_tokens_is_slowed_and_a_valid_token_from_it_is_not(opened: Opening) -> None:
    async with opened(address_rate="1", address_burst="3") as gateway:
        wrong = {"Authorization": "Bearer guess"}
        statuses = [(await gateway.send("GET", "/v1/me", who=None, headers=wrong)).status for _ in range(5)]
        assert statuses == [401] * 3 + [429] * 2
        assert (await gateway.send("GET", "/v1/me")).status == 503


async def test_a_body_that_trickles_in_is_given_up(opened: Opening) -> None:
    async with opened(body_seconds="0.2") as gateway:

        async def trickle():  # noqa: ANN202 - a generator for the client
            yield b'{"offer":'
            await asyncio.sleep(1)
            yield b'"x"}'

        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        refused = await gateway.send("POST", "/v1/appointments", data=trickle(), headers=headers)
        assert (refused.status, refused.code) == (408, "too-slow")


@pytest.mark.parametrize("begun", [b"", b"GET /v1/me HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half a header"])
async def test_a_connection_that_asks_nothing_is_closed(opened: Opening, begun: bytes) -> None:
    async with opened(idle_seconds="0.5") as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.ground.port)
        writer.write(begun)
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_answers_are_kept_by_nobody_and_carry_their_trace(gateway: Gateway) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answered = await gateway.send("GET", "/v1/me", headers={"traceparent": parent})
    assert answered.headers["Cache-Control"] == "no-store"
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
    assert answered.headers["Baton-Trace"] == "4bf92f3577b34da6a3ce929d0e0e4736"
