"""Making the ground a service stands on: its databases, bus, keys and practice, waited for until they are there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, cast

from nats.errors import Error as NatsError

from shared import background, logs, zones
from shared.app import Ground
from shared.bus import Bus
from shared.database import Database
from shared.errors import Unavailable
from shared.network import require_encryption, require_https
from shared.practice import load
from shared.sealing import Sealing, remember
from shared.sealing.providers import provider

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from shared.app import App
    from shared.clock import Clock
    from shared.sealing import KeyEncryption
    from shared.settings import Settings

T = TypeVar("T")
NOT_THERE_YET = (Unavailable, NatsError, TimeoutError, ConnectionError)
"""What time mends; a file that is missing is a fault of the settings and ends the process."""

WAITING = logs.event("ground.waiting", "what", "pause")


class Nothing:
    """What stands where a service that keeps nothing has no database and no keys: to use it is a fault."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"this service keeps nothing and has no {name}")


async def patiently(what: str, make: Callable[[], Awaitable[T]]) -> T:
    """What `make` gives, tried again for as long as something is out of reach; every other error is raised."""
    pause = background.SHORTEST_PAUSE
    while True:
        try:
            return await make()
        except NOT_THERE_YET as error:
            pause = min(background.LONGEST_PAUSE, pause * 2)
            WAITING.warning(error=error, what=what, pause=pause)
            await asyncio.sleep(background.jittered(pause))


class Foundation:
    """The parts of a ground, made in order and closed in the reverse order."""

    def __init__(self, app: App, clock: Clock) -> None:
        self.app = app
        self.clock = clock
        self.missing = "nats"
        self.bus: Bus | None = None
        self.db: Database | None = None
        self.keystore: Database | None = None
        self.keks: KeyEncryption | None = None

    async def lay(self, closed: Callable[[], None]) -> Ground:
        """Wait for everything the service needs and give its ground; `closed` is called when NATS is gone for good."""
        settings = self.app.settings
        require_encryption("BATON_DATABASE_URL", settings.database_url)
        require_encryption("BATON_KEYSTORE_URL", settings.keystore_url)
        require_https("BATON_JWKS_URL", settings.jwks_url)
        practice = await asyncio.to_thread(load, settings.practice_dir)
        await asyncio.to_thread(zones.hold_all)
        self.bus = bus = await patiently("nats", lambda: Bus.connect(settings, closed=closed))
        nothing: Any = Nothing()
        db, sealing = cast("Database", nothing), cast("Sealing", nothing)
        if settings.keeps_records:
            self.missing = "database"
            self.db = db = await patiently("database", lambda: self._database(settings.database_url))
            self.keystore = await patiently("keystore", lambda: self._database(settings.keystore_url, size=2))
            self.missing = "keys"
            self.keks = keks = provider(settings)
            await patiently("keys", keks.current)
            sealing = Sealing(service=settings.service, practice=practice.id, db=db, keystore=self.keystore, keks=keks)
            await patiently("database", lambda: remember(sealing, self.clock()))
        ground = Ground(settings=settings, db=db, bus=bus, sealing=sealing, clock=self.clock, practice=practice)
        self.missing = "start"
        richer = self.app.ground
        return ground if richer is None else await patiently("start", lambda: richer(ground))

    async def close(self) -> None:
        """Give everything back."""
        if self.bus is not None:
            await self.bus.close()
        if self.keks is not None:
            await self.keks.close()
        for database in (self.keystore, self.db):
            if database is not None:
                await database.close()

    def _database(self, url: str, size: int = 0) -> Awaitable[Database]:
        settings: Settings = self.app.settings
        return Database.connect(url, size=size or settings.database_connections, name=settings.service)
