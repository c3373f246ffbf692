from uuid import UUID

import pytest
from nats.errors import Error

from baton_events import TYPES
from deploy.secrets import new_seed
from deploy.wires import KEEPERS, SERVICES, Wire
from shared.requests import OPERATIONS
from tests.deploy.broker import Broker

TOKEN = UUID(int=7)


def concrete(pattern: str) -> str:
    return pattern.replace(">", f"x.{TOKEN}").replace("*", str(TOKEN))


def covers(pattern: str, subject: str) -> bool:
    asked, said = pattern.split("."), subject.split(".")
    for position, token in enumerate(asked):
        if token == ">":
            return len(said) > position
        if position >= len(said) or token not in {"*", said[position]}:
            return False
    return len(asked) == len(said)


def universe(table: dict[str, Wire]) -> list[str]:
    """Every subject anybody may say or hear, and what nobody but deploy should."""
    patterns = {subject for wire in table.values() for subject in (*wire.publishes, *wire.subscribes)}
    forbidden = {
        "$JS.API.STREAM.DELETE.CARE",
        "$JS.API.STREAM.PURGE.CARE",
        "$JS.API.STREAM.MSG.DELETE.CARE",
        "$JS.API.STREAM.CREATE.OTHER",
        "$SYS.REQ.SERVER.PING",
        "care.booking.v1.appointment.invented.none",
        "svc.booking.invented",
        "_INBOX.stranger",
    }
    return sorted({concrete(pattern) for pattern in patterns} | forbidden)


@pytest.mark.parametrize("user", [*SERVICES, "deploy", "ops", "warehouse"])
async def test_the_server_lets_a_user_say_exactly_what_the_table_lists(broker: Broker, user: str) -> None:
    subjects = universe(broker.wires)
    wire = broker.wires[user]
    async with broker.as_user(user) as connected:
        refused = await connected.refused_saying(subjects)
    assert refused == {subject for subject in subjects if not any(covers(p, subject) for p in wire.publishes)}


@pytest.mark.parametrize("user", [*SERVICES, "deploy", "ops", "warehouse"])
async def test_the_server_lets_a_user_hear_exactly_what_the_table_lists(broker: Broker, user: str) -> None:
    subjects = universe(broker.wires)
    wire = broker.wires[user]
    async with broker.as_user(user) as connected:
        refused = await connected.refused_hearing(subjects)
    assert refused == {subject for subject in subjects if not any(covers(p, subject) for p in wire.subscribes)}


async def said(broker: Broker, user: str, subject: str) -> bool:
    async with broker.as_user(user) as connected:
        return not await connected.refused_saying([subject])


def may(patterns: tuple[str, ...], subject: str) -> bool:
    return any(covers(pattern, subject) for pattern in patterns)


@pytest.mark.parametrize("service", SERVICES)
def test_the_table_gives_a_service_its_own_events_requests_and_answers_and_nothing_else(
    broker: Broker, service: str
) -> None:
    wire = broker.wires[service]
    for name, event in TYPES.items():
        assert may(wire.publishes, f"{name}.{TOKEN}") == (event.kind.service == service), name
        assert not may(wire.subscribes, f"{name}.{TOKEN}"), name
    for subject, operation in OPERATIONS.items():
        assert may(wire.publishes, subject) == (service in operation.callers), subject
        assert may(wire.subscribes, subject) == (service == operation.service), subject
    for other in {*SERVICES, "deploy", "warehouse"} - {service}:
        assert not may(wire.subscribes, f"_INBOX_{other}.x.y"), other
        answers = any(op.service == service and other in op.callers for op in OPERATIONS.values())
        assert may(wire.publishes, f"_INBOX_{other}.x.y") == answers, other


@pytest.mark.parametrize("service", SERVICES)
def test_the_table_gives_no_service_a_consumer_or_stream_to_make_change_or_purge(broker: Broker, service: str) -> None:
    read_only = {"DIRECT.GET.CARE", f"CONSUMER.INFO.CARE.{service}"}
    if service == "handoffs":
        read_only.add("STREAM.INFO.CARE")
    taken = f"CONSUMER.MSG.NEXT.CARE.{service}"
    for pattern in broker.wires[service].publishes:
        if pattern.startswith("$JS.API."):
            asked = pattern.removeprefix("$JS.API.")
            assert asked in read_only or asked == taken, pattern
        assert not covers(pattern, f"$JS.API.CONSUMER.CREATE.CARE.{service}"), pattern


async def test_the_server_refuses_a_service_that_publishes_anothers_event(broker: Broker) -> None:
    assert await said(broker, "booking", f"care.booking.v1.appointment.booked.{TOKEN}")
    assert not await said(broker, "booking", f"care.pharmacy.v1.prescription.signed.{TOKEN}")
    assert not await said(broker, "gateway", f"care.booking.v1.appointment.booked.{TOKEN}")


async def test_the_server_refuses_a_service_that_answers_or_overhears_for_another(broker: Broker) -> None:
    async with broker.as_user("visits") as connected:
        assert await connected.refused_hearing(["svc.booking.book"], queue="booking")
        assert len(await connected.refused_hearing(["svc.>", "_INBOX_gateway.>", "care.>", "live.>"])) == 4


async def test_the_server_refuses_a_service_that_makes_changes_or_deletes_a_consumer_or_a_stream(
    broker: Broker,
) -> None:
    for service in SERVICES:
        for subject in (
            f"$JS.API.CONSUMER.CREATE.CARE.{service}",
            f"$JS.API.CONSUMER.CREATE.CARE.{service}.care.>",
            f"$JS.API.CONSUMER.DURABLE.CREATE.CARE.{service}",
            f"$JS.API.CONSUMER.DELETE.CARE.{service}",
            "$JS.API.STREAM.UPDATE.CARE",
            "$JS.API.STREAM.PURGE.CARE",
        ):
            assert not await said(broker, service, subject), f"{service} may say {subject}"


async def test_no_service_can_take_or_settle_anothers_deliveries(broker: Broker) -> None:
    for service in KEEPERS:
        for other in {*SERVICES, "warehouse"} - {service}:
            assert not await said(broker, service, f"$JS.API.CONSUMER.MSG.NEXT.CARE.{other}")
            assert not await said(broker, service, f"$JS.ACK.CARE.{other}.1.1.1.1.0")


async def test_a_user_without_a_listed_key_cannot_sign_in(broker: Broker) -> None:
    stranger = Broker(broker.url, broker.wires, {"booking": new_seed()})
    with pytest.raises(Error, match=r"(?i)authorization"):
        async with stranger.as_user("booking"):
            pass


def test_nobody_is_allowed_to_answer_wherever_a_message_says(broker: Broker) -> None:
    assert all("allow_responses" not in subject for wire in broker.wires.values() for subject in wire.publishes)
