"""`baton subscriber add`: another team's durable consumer and its credentials, and the lines it needs."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from deploy import subscribers
from deploy.commands import connect
from deploy.prepare import write_nats_users
from deploy.wires import DEPLOY
from shared.inbox.provision import prepare_consumers

if TYPE_CHECKING:
    from deploy.home import Home

LINES = """
{name} hears {filters}, from the first event kept. It needs the package baton-events, the file
{seed} and these lines:

    import asyncio
    from baton_events.subscriber import subscribe

    async def main() -> None:
        async for received in subscribe(
            url="{url}",
            name="{name}",
            seed_file="{seed}",
        ):
            print(received.time, received.event)

    asyncio.run(main())
"""


async def add(home: Home, name: str, filters: tuple[str, ...]) -> int:
    """Make or change the consumer, let its user sign in, and print how to use it."""
    async with connect.nats(home, DEPLOY) as client:
        subscriber = subscribers.add(home, name, filters)
        await prepare_consumers(client.jetstream(), {name: subscriber.filters})
    write_nats_users(home)
    if not _reload(home):
        print("Let the nats-server read its users again, for example: docker compose kill -s HUP nats")
    url, seed = home.nats_url.read_text(encoding="ascii").strip(), home.nats_seed(name)
    print(LINES.format(name=name, filters=", ".join(filters), seed=seed, url=url))
    return 0


def _reload(home: Home) -> bool:
    """Have the embedded nats-server read its users again; False where it runs elsewhere."""
    try:
        os.kill(int(home.nats_pid.read_text(encoding="ascii")), signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True
