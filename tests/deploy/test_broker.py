"""The generated configuration at work: the stream, its consumers, and another team's subscriber."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error
from nats.errors import TimeoutError as NatsTimeout

from baton_events import TYPES
from deploy import prepare, subscribers
from deploy.commands import subscriber
from deploy.home import Home
from deploy.nats import Server
from deploy.secrets import make_secrets, replace
from deploy.stack.supervisor import Part, Supervisor
from deploy.wires import DEPLOY, KEEPERS, consumed, consumers, wires
from tests.deploy.broker import NATS_SERVER, free_port

BOOKED = "care.booking.v1.appointment.booked.00000000-0000-4000-8000-000000000007"


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """A home whose nats-server runs, prepared as the deploy step prepares it."""
    home, port = Home(tmp_path), free_port()
    make_secrets(home, [], datetime.now(UTC))
    home.run.mkdir()
    url = f"nats://127.0.0.1:{port}"
    replace(home.nats_url, url.encode())
    store = str(tmp_path / "nats" / "store")
    server = Server(host="127.0.0.1", port=port, store_dir=store, max_store_bytes=1 << 28, pid_file=str(home.nats_pid))
    prepare.write_nats_config(home, server)
    supervisor = Supervisor(home.logs, home.run, lambda _: None)

    async def ready() -> bool:
        try:
            await prepare.prepare_broker(home, url, max_bytes=1 << 26)
        except (OSError, Error):
            return False
        return True

    command = [str(NATS_SERVER), "-c", str(home.nats_config)]
    await supervisor.until_ready(supervisor.start(Part(name="nats", stage=0, command=command, ready=ready)))
    yield home
    await supervisor.stop()


async def as_user(home: Home, user: str) -> Client:
    return await nats.connect(
        home.nats_url.read_text(),
        nkeys_seed_str=home.nats_seed(user).read_text(),
        inbox_prefix=f"_INBOX_{user}",
        allow_reconnect=False,
    )


async def next_delivery(client: Client, consumer: str, timeout: float = 5) -> Msg:  # noqa: ASYNC109 - a real wait
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    ask = b'{"batch":1,"expires":5000000000}'
    await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.CARE.{consumer}", ask, reply=inbox)
    return await subscription.next_msg(timeout)


def test_every_service_hears_only_events_that_somebody_publishes() -> None:
    published = {f"{name}.*" for name in TYPES}
    for service in KEEPERS:
        assert set(consumed(service)) <= published


def test_nothing_in_the_configuration_lets_anybody_answer_at_will(home: Home) -> None:
    text = home.nats_config.read_text() + home.nats_users.read_text()
    assert "sync_interval: always" in text
    for dangerous in ("allow_responses", "no_auth_user", "accounts", "password", "token"):
        assert dangerous not in text
    assert all(str(home.nats_seed(user).read_text()) not in text for user in wires())


async def test_the_stream_is_as_the_design_says(home: Home) -> None:
    client = await as_user(home, DEPLOY)
    info = await client.jetstream().stream_info("CARE")
    await client.close()
    config = info.config
    assert config.storage == "file"
    assert config.discard == "new"
    assert config.duplicate_window == 600
    assert config.allow_direct
    assert config.republish is not None
    assert (config.republish.src, config.republish.dest) == ("care.>", "live.>")


async def test_every_service_has_a_consumer_of_exactly_what_it_reacts_to(home: Home) -> None:
    client = await as_user(home, DEPLOY)
    found = await client.jetstream().consumers_info("CARE")
    await client.close()
    assert {info.name: tuple(sorted(_filters(info.config))) for info in found} == consumers()
    assert all(info.config.max_deliver == -1 and info.config.durable_name == info.name for info in found)


async def test_a_service_takes_and_acknowledges_its_own_deliveries_and_only_those(home: Home) -> None:
    publisher = await as_user(home, "booking")
    await publisher.jetstream().publish(BOOKED, b"{}")
    await publisher.close()
    reader = await as_user(home, "visits")
    answer = await next_delivery(reader, "visits")
    assert answer.subject == BOOKED
    assert answer.reply.startswith("$JS.ACK.CARE.visits.")
    await reader.request(answer.reply, b"+ACK", timeout=2)
    with pytest.raises(NatsTimeout):
        await next_delivery(reader, "handoffs", 0.3)
    await reader.close()


async def test_another_team_is_let_in_while_everybody_stays_connected(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    staying = await as_user(home, "booking")
    await staying.jetstream().publish(BOOKED, b"{}")
    assert await subscriber.add(home, "warehouse", ("care.booking.>",)) == 0
    assert 'name="warehouse"' in capsys.readouterr().out
    async with asyncio.timeout(10):
        while True:
            try:
                team = await as_user(home, "warehouse")
                break
            except Error:
                await asyncio.sleep(0.05)
    answer = await next_delivery(team, "warehouse")
    assert json.loads(answer.data) == {}
    with pytest.raises(NatsTimeout):
        await next_delivery(team, "visits", 0.3)
    await team.close()
    assert staying.is_connected
    assert staying.stats["reconnects"] == 0
    await staying.close()


async def test_a_name_of_a_service_or_a_filter_beyond_the_stream_is_refused(home: Home) -> None:
    for name, wanted in (
        ("booking", "care.>"),
        ("ops", "care.>"),
        ("Team A", "care.>"),
        ("team", "svc.>"),
        ("team", ">"),
    ):
        with pytest.raises(subscribers.SubscriberRefused):
            subscribers.add(home, name, (wanted,))
    assert subscribers.read(home) == []


async def test_preparing_again_changes_nothing_and_loses_nothing(home: Home) -> None:
    client = await as_user(home, "booking")
    await client.jetstream().publish(BOOKED, b"{}")
    await prepare.prepare_broker(home, home.nats_url.read_text(), max_bytes=1 << 26)
    deploy = await as_user(home, DEPLOY)
    assert (await deploy.jetstream().stream_info("CARE")).state.messages == 1
    await client.close()
    await deploy.close()


def _filters(config: object) -> list[str]:
    several = getattr(config, "filter_subjects", None)
    return several or [getattr(config, "filter_subject", "")]
