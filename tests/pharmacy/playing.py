"""Partner pharmacies for tests: the simulator as its own process, behind the real gateway, with secrets of its own."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import signal
import sys
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import aiohttp
from standardwebhooks.webhooks import Webhook

from tests.support import processes

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator

OUT_OF_STOCK, NORMAL, SLOW, SILENT, WRONG, DELIVERS, DENVER = (
    UUID(f"fa12ac00-0000-4000-8000-00000000000{n}") for n in range(1, 8)
)


@dataclass
class Pharmacies:
    """The simulator, and a pharmacy's hand for whatever it would not do by itself."""

    folder: Path
    port: int
    gateway_port: int
    pace: float
    secrets: dict[UUID, str]
    http: aiohttp.ClientSession
    child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the pharmacies listen."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """What the services of the stack need to know."""
        return {
            "BATON_PARTNER_SECRETS_FILE": str(self.folder / "secrets.json"),
            "BATON_SIMULATOR_URL": self.url,
            "BATON_PORT": str(self.gateway_port),
            "BATON_DELIVERY_POLL_SECONDS": "0.05",
            "BATON_DELIVERY_TIMEOUT_SECONDS": "3",
        }

    def start(self) -> None:
        """Open, without waiting until somebody answers."""
        variables = (
            f"BATON_SIMULATOR_PRACTICE_URL=http://127.0.0.1:{self.gateway_port}",
            f"BATON_SIMULATOR_SECRETS_FILE={self.folder / 'secrets.json'}",
            f"BATON_SIMULATOR_FOLDER={self.folder}",
            f"BATON_SIMULATOR_PORT={self.port}",
            f"BATON_SIMULATOR_PACE={self.pace}",
        )
        command = ["/usr/bin/env", *variables, sys.executable, "-m", "deploy.simulator"]
        self.child = processes.start(command, self.folder / "log")

    def kill(self) -> None:
        """Close as a power cut would."""
        assert self.child is not None
        processes.kill(self.child)

    def stop(self) -> None:
        """Close in order."""
        if self.child is not None:
            processes.stop(self.child, signal.SIGTERM)

    async def ready(self) -> None:
        """Wait until they are open."""
        async with asyncio.timeout(20):
            while True:
                try:
                    async with self.http.get(f"{self.url}/health") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)

    async def received(self, pharmacy: UUID | None = None) -> list[dict[str, Any]]:
        """What the pharmacies took in, with how many times each message came."""
        async with self.http.get(f"{self.url}/received") as answer:
            return [one for one in await answer.json() if pharmacy is None or one["pharmacy"] == str(pharmacy)]

    async def say(
        self,
        pharmacy: UUID,
        resource: dict[str, Any] | bytes,
        *,
        webhook_id: str = "",
        secret: str = "",
        at: datetime | None = None,
    ) -> int:
        """Send a signed webhook to the practice as this pharmacy; gives the status it is answered."""
        body = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
        at = at or datetime.now(UTC)
        webhook_id = webhook_id or f"msg_{uuid4().hex}"
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret or self.secrets[pharmacy]).sign(webhook_id, at, body.decode()),
        }
        url = f"http://127.0.0.1:{self.gateway_port}/v1/partners/pharmacies/{pharmacy}/webhook"
        async with self.http.post(url, data=body, headers=headers) as answer:
            return answer.status


def new_secret() -> str:
    """A secret shared with nobody yet."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def task(routing: UUID, status: str, *, business: str = "", reason: str = "", end: str = "") -> dict[str, Any]:
    """A FHIR Task about an order."""
    told: dict[str, Any] = {"resourceType": "Task", "status": status, "intent": "order", "basedOn": [about(routing)]}
    if business:
        told["businessStatus"] = {"coding": [{"system": "urn:baton:pharmacy:business-status", "code": business}]}
    if reason:
        told["statusReason"] = {"coding": [{"system": "urn:baton:pharmacy:reason", "code": reason}]}
    if end:
        told["restriction"] = {"period": {"end": end}}
    return told


def accepted(routing: UUID, **more: str) -> dict[str, Any]:
    """The pharmacy has the order."""
    return task(routing, "accepted", business="acknowledged", **more)


def rejected(routing: UUID, reason: str) -> dict[str, Any]:
    """The pharmacy will not fill it."""
    return task(routing, "rejected", business="refused", reason=reason)


def dispense(routing: UUID, status: str, **more: Any) -> dict[str, Any]:
    """A FHIR MedicationDispense about an order."""
    return {
        "resourceType": "MedicationDispense",
        "status": status,
        "authorizingPrescription": [about(routing)],
        "medicationCodeableConcept": {"text": "as ordered"},
        **more,
    }


def about(routing: UUID) -> dict[str, Any]:
    """A FHIR Reference to the order."""
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{routing}"}}


@asynccontextmanager
async def playing(*, pace: float = 0.05, opened: bool = True) -> AsyncIterator[Pharmacies]:
    """The pharmacies, at twenty times their speed; with `opened` false nobody answers yet."""
    with tempfile.TemporaryDirectory(prefix="baton-pharmacies-") as folder:
        shared = {UUID(f"fa12ac00-0000-4000-8000-00000000000{n}"): new_secret() for n in range(1, 8)}
        file = Path(folder) / "secrets.json"
        file.write_text(json.dumps({str(pharmacy): secret for pharmacy, secret in shared.items()}))
        async with aiohttp.ClientSession() as http:
            ports = processes.free_port(), processes.free_port()
            pharmacies = Pharmacies(Path(folder), *ports, pace=pace, secrets=shared, http=http)
            try:
                if opened:
                    pharmacies.start()
                    await pharmacies.ready()
                yield pharmacies
            finally:
                pharmacies.stop()
