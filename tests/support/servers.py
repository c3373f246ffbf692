"""PostgreSQL and NATS, started once for each test worker and ended with it."""

from __future__ import annotations

import atexit
import shutil
from dataclasses import dataclass
from functools import cache

from tests.support import folders
from tests.support.broker import Broker
from tests.support.postgres import Postgres
from tests.support.surroundings import Surroundings


@dataclass(frozen=True)
class Servers:
    """What every test of a worker shares."""

    postgres: Postgres
    broker: Broker
    surroundings: Surroundings

    async def ready(self) -> None:
        """Wait until both answer; one that a test ended is started again."""
        for server in (self.postgres, self.broker):
            if server.child is None or server.child.poll() is not None:
                server.start()
        await self.postgres.ready()
        await self.broker.ready()


@cache
def servers() -> Servers:
    """The worker's servers, started when first asked for."""
    folders.sweep()
    folder = folders.new("keys")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    surroundings = Surroundings.make(folder)
    postgres = Postgres.make()
    atexit.register(postgres.remove)
    broker = Broker.make(surroundings.nats_users)
    atexit.register(broker.remove)
    return Servers(postgres, broker, surroundings)
