"""The connection to NATS: never gives up, never sends late, tells nothing of what it carried."""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nats.aio.client import Client

from shared import logs
from shared.network import is_near
from shared.settings import SettingsWrong

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WENT_WRONG = logs.event("nats.went-wrong")
REFUSED = logs.event("nats.refused", "verb", "subject")
LOST = logs.event("nats.lost")
BACK = logs.event("nats.back")
CLOSED = logs.event("nats.closed")

VIOLATION = re.compile(r'permissions violation for (publish|subscription) to "([\w$-]+(?:\.[\w$-]+)?)')
RECONNECT_SECONDS = 0.5
PING_SECONDS = 5


class Connection(Client):
    """nats-py's client, which tells of its end also when the line breaks while it takes its leave."""

    async def _close(self, status: int, do_cbs: bool = True) -> None:
        try:
            await super()._close(status, do_cbs)
        except OSError as error:
            tell(error)
            if do_cbs and self._closed_cb is not None:
                await self._closed_cb()


def inbox_prefix(service: str) -> str:
    """Where answers to the service's requests arrive; no other service may listen there."""
    return f"_INBOX_{service}"


async def connect(
    *,
    url: str,
    service: str,
    closed: Callable[[], None],
    seed_file: Path | None = None,
    ca_file: Path | None = None,
) -> Connection:
    """Connect as `service`, waiting for as long as no server answers.

    `url` may list several servers, separated by commas. `closed` is called when the connection has ended for good,
    which a process does not outlive. Raises SettingsWrong for an unencrypted connection that leaves the machine or
    its private network.
    """
    urls = url.split(",")
    tls = tls_for(urls, ca_file)
    seed = await asyncio.to_thread(seed_file.read_text, encoding="ascii") if seed_file else None

    async def on_error(error: Exception) -> None:
        tell(error)

    async def on_lost() -> None:
        LOST.warning()

    async def on_back() -> None:
        BACK.info()

    async def on_closed() -> None:
        CLOSED.info()
        closed()

    client = Connection()
    await client.connect(
        urls,
        name=service,
        nkeys_seed_str=seed,
        inbox_prefix=inbox_prefix(service),
        tls=tls,
        tls_handshake_first=tls is not None,
        max_reconnect_attempts=-1,
        reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # declared int, waited for as it is
        ping_interval=PING_SECONDS,
        pending_size=0,
        error_cb=on_error,
        disconnected_cb=on_lost,
        reconnected_cb=on_back,
        closed_cb=on_closed,
    )
    return client


def tell(error: Exception) -> None:
    """Log what the connection met: its kind, and of a refusal the first two words of the subject, which name nobody."""
    refused = VIOLATION.search(str(error))
    if refused:
        REFUSED.error(verb=refused[1], subject=refused[2])
    else:
        WENT_WRONG.warning(error=error)


def tls_for(urls: list[str], ca_file: Path | None) -> ssl.SSLContext | None:
    """How to encrypt, or None where the way is short enough; the handshake comes first, so nobody can talk it away."""
    parts = [urlsplit(url) for url in urls]
    if ca_file is not None or all(part.scheme == "tls" for part in parts):
        return ssl.create_default_context(cafile=ca_file)
    if not all(is_near(part.hostname or "") for part in parts):
        raise SettingsWrong("BATON_NATS_URL must be tls:// outside loopback and private networks")
    return None
