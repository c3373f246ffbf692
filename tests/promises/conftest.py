"""A whole practice in the test's process, asked over the gateway's real HTTP, as the app asks it.

It is started once for all promises, which therefore share a loop and a worker: each file has the marks
`asyncio(loop_scope="package")` and `xdist_group("promises")`.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import aiohttp
import pytest_asyncio

from deploy.issuer.mint import mint
from deploy.wires import SERVICES
from tests.gateway.conftest import Answered, Gateway
from tests.pharmacy.playing import NORMAL, new_secret
from tests.support.stack import stack
from tests.support.surroundings import ISSUER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATIENT = "patient"
AMARA = "c1111c00-0000-4000-8000-000000000001"
PACIFIC = ZoneInfo("America/Los_Angeles")
SETTLED_SECONDS = 20.0
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Practice(Gateway):
    """The practice as one test sees it: with a patient of its own, who asks unless somebody else is named."""

    patient: str = ""
    name: str = ""

    def as_(self, who: str | UUID | None, **headers: str) -> dict[str, str]:
        """The headers of somebody's request."""
        if who == PATIENT:
            return {"Authorization": f"Bearer {self.tokens[PATIENT]}", **headers}
        return super().as_(who, **headers)

    async def send(self, method: str, path: str, *, who: str | UUID | None = PATIENT, **more: Any) -> Answered:
        """Send a request as somebody and read the whole answer."""
        return await super().send(method, path, who=who, **more)

    async def told(self, path: str, body: dict[str, Any], who: str = PATIENT) -> dict[str, Any]:
        """The answer to a command or a question, once everything that follows from it has been heard."""
        answered = await self.command(path, body, who=who)
        assert answered.status == 200, (path, answered.body)
        await self.stack.quiet(SETTLED_SECONDS)
        return dict(answered.json)

    async def shown(self, path: str, who: str = PATIENT) -> dict[str, Any]:
        """The answer to a question."""
        answered = await self.get(path, who=who)
        assert answered.status == 200, (path, answered.body)
        return dict(answered.json)

    async def owed(self, name: str, case: str) -> dict[str, Any] | None:
        """The open handoff of that name about the case, as the patient's trail shows it."""
        trail = await self.shown(f"/v1/patients/{self.patient}/trail")
        return next((one for one in trail["open"] if (one["name"], one["case"]) == (name, case)), None)

    async def steps(self, name: str) -> list[tuple[str, str]]:
        """What the patient's trail tells of handoffs of that name: each step and its owner, in order."""
        trail = await self.shown(f"/v1/patients/{self.patient}/trail")
        return [(step["step"], step["owner"]) for step in trail["steps"] if step["name"] == name]

    async def at(self, moment: datetime) -> None:
        """Make it this moment, and wait until all that is due has been done; the clock stands still."""
        self.stack.clock.set(moment, still=True)
        await self.stack.quiet(SETTLED_SECONDS)

    async def at_next(self, hour: int) -> None:
        """Make it the next time that a clock on the west coast shows this hour; the clock runs on."""
        now = self.stack.clock().astimezone(PACIFIC)
        then = now.replace(hour=hour, minute=0, second=0, microsecond=0)
        self.stack.clock.set((then if then > now else then + timedelta(days=1)).astimezone(UTC))
        await self.stack.quiet(SETTLED_SECONDS)

    async def take_on(self, **said: Any) -> None:
        """Have the front desk take on the test's patient, treated by Dr. Okafor."""
        self.name = f"Promised {uuid4().hex[:8]}"
        card = {
            "name": self.name,
            "birth_date": "1984-05-17",
            "state": "CA",
            "time_zone": "America/Los_Angeles",
            "latitude": 37.7609,
            "longitude": -122.4350,
            "own_clinician": AMARA,
            **said,
        }
        self.patient = (await self.told("/v1/patients", card, "fern-dale"))["patient"]
        self.tokens[PATIENT] = mint(
            self.stack.servers.surroundings.issuer_key,
            issuer=ISSUER,
            person=UUID(self.patient),
            roles=("patient",),
            teams=(),
            now=datetime.now(UTC),
            seconds=3600.0,
        )


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def whole() -> AsyncIterator[Gateway]:
    """Every service and the gateway, started once for all promises; it knows one pharmacy, which does not answer."""
    with tempfile.TemporaryDirectory(prefix="baton-test-promises-") as folder:
        partners = Path(folder) / "partners.json"
        partners.write_text(json.dumps({str(NORMAL): new_secret()}), encoding="ascii")
        variables = {"BATON_PORT": "0", "BATON_PARTNER_SECRETS_FILE": str(partners), "BATON_SIMULATOR_URL": NOWHERE}
        async with stack(*SERVICES, variables=variables) as behind, aiohttp.ClientSession() as http:
            yield Gateway(behind, http)


@pytest_asyncio.fixture(loop_scope="package")
async def practice(whole: Gateway) -> Practice:
    """The practice at ten in the morning of a day of the test's own, with a patient of its own; time only goes on."""
    made = Practice(whole.stack, whole.http)
    await made.at_next(10)
    await made.take_on()
    return made
