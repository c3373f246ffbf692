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


async def test_no_service_can_publish_anothers_event(broker: Broker) -> None:
    for service in SERVICES:
        for name, event in TYPES.items():
            if event.kind.service != service:
                assert f"{name}.*" not in broker.wires[service].publishes
    assert await said(broker, "booking", f"care.booking.v1.appointment.booked.{TOKEN}")
    assert not await said(broker, "booking", f"care.pharmacy.v1.prescription.signed.{TOKEN}")
    assert not await said(broker, "gateway", f"care.booking.v1.appointment.booked.{TOKEN}")


async def test_no_service_can_answer_or_overhear_on_anothers_subject(broker: Broker) -> None:
    for subject, operation in OPERATIONS.items():
        assert {s for s in SERVICES if subject in broker.wires[s].subscribes} == {operation.service}
    async with broker.as_user("visits") as connected:
        assert await connected.refused_hearing(["svc.booking.book"], queue="booking")
        assert len(await connected.refused_hearing(["svc.>", "_INBOX_gateway.>", "care.>", "live.>"])) == 4


async def test_no_service_can_make_change_or_delete_a_consumer_or_a_stream(broker: Broker) -> None:
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
