"""NATS' services protocol (ADR-32): who serves here, what, and how it goes; nothing of any request."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import msgspec
from nats.nuid import NUID

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

    from shared.bus import Bus
    from shared.bus.endpoint import Endpoint

try:
    VERSION = version("baton")
except PackageNotFoundError:  # run from a folder, not installed
    VERSION = "0.0.0"


class Discovery:
    """Answers `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS` for one instance of a service."""

    def __init__(self, bus: Bus, endpoints: Sequence[Endpoint]) -> None:
        self._bus = bus
        self._endpoints = endpoints
        self._identity = {
            "name": bus.service,
            "id": NUID().next().decode(),
            "version": VERSION,
            "metadata": {},
        }
        self._started = datetime.now(UTC).isoformat().replace("+00:00", "Z")

    async def start(self) -> list[Subscription]:
        """Listen for all of the practice, for this service, and for this instance."""
        names = ("", f".{self._bus.service}", f".{self._bus.service}.{self._identity['id']}")
        verbs = {"PING": self.ping, "INFO": self.info, "STATS": self.stats}
        return [
            await self._bus.nats.subscribe(f"$SRV.{verb}{name}", cb=self._answering(describe))
            for verb, describe in verbs.items()
            for name in names
        ]

    def _answering(self, describe: Callable[[], dict[str, Any]]) -> Callable[[Msg], Any]:
        async def answer(message: Msg) -> None:
            if message.reply.startswith("_INBOX"):
                await self._bus.nats.publish(message.reply, msgspec.json.encode(describe()))

        return answer

    def ping(self) -> dict[str, Any]:
        """That this instance is there."""
        return {**self._identity, "type": "io.nats.micro.v1.ping_response"}

    def info(self) -> dict[str, Any]:
        """What it serves."""
        return {
            **self._identity,
            "type": "io.nats.micro.v1.info_response",
            "description": "",
            "endpoints": [{**self._named(endpoint), "metadata": {}} for endpoint in self._endpoints],
        }

    def stats(self) -> dict[str, Any]:
        """How often each operation was asked for, failed, and how long it took, in nanoseconds."""
        return {
            **self._identity,
            "type": "io.nats.micro.v1.stats_response",
            "started": self._started,
            "endpoints": [{**self._named(endpoint), **_counted(endpoint)} for endpoint in self._endpoints],
        }

    def _named(self, endpoint: Endpoint) -> dict[str, str]:
        op = endpoint.operation
        return {"name": op.name, "subject": op.subject, "queue_group": self._bus.service}


def _counted(endpoint: Endpoint) -> dict[str, int | str]:
    stats = endpoint.stats
    return {
        "num_requests": stats.requests,
        "num_errors": stats.errors,
        "last_error": stats.last_error,
        "processing_time": stats.nanoseconds,
        "average_processing_time": stats.nanoseconds // stats.requests if stats.requests else 0,
    }
