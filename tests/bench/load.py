"""Senders: people signed in, each writing into a thread of their own over the gateway's HTTP."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from dataclasses import dataclass
from uuid import uuid4

import aiohttp

from deploy.journey.app import Person
from deploy.journey.steps import invite
from deploy.journey.walk import Walk

TEXT = "I slept better, and the rash on my arm is nearly gone. " * 5


@dataclass
class Sender:
    """One person with one thread."""

    person: Person
    thread: str

    async def send(self) -> None:
        """Send one message of about 270 bytes; anything but a 200 is an error."""
        body = json.dumps({"thread": self.thread, "text": TEXT}).encode()
        headers = {
            "Authorization": f"Bearer {self.person.token}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "application/json",
        }
        async with self.person.http.post(self.person.url + "/v1/messages", data=body, headers=headers) as answer:
            text = await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"a send was answered {answer.status}: {text[:200]!r}")


async def sender(walk: Walk) -> Sender:
    """Take on a new patient, sign them in, and open their thread."""
    desk = await walk.person("fern-dale")
    taken_on = await desk.post(
        "/v1/patients",
        name="Bench Patient",
        birth_date="1990-01-01",
        state="CA",
        time_zone="America/Los_Angeles",
        latitude=37.76,
        longitude=-122.41,
    )
    name = f"bench-{secrets.token_hex(6)}"
    await invite(walk, desk, name, taken_on["patient"])
    person = await Person.signed_in(walk.http, walk.url, name, walk.password)
    opened = await person.post("/v1/threads", patient=taken_on["patient"])
    return Sender(person, opened["thread"])


async def load(senders: list[Sender], seconds: float) -> tuple[int, float]:
    """All senders writing one message after the other; how many were accepted, in how many seconds."""
    started = time.perf_counter()
    end = started + seconds
    counts = await asyncio.gather(*(_keep_sending(sender, end) for sender in senders))
    return sum(counts), time.perf_counter() - started


async def _keep_sending(sender: Sender, end: float) -> int:
    done = 0
    while time.perf_counter() < end:
        await sender.send()
        done += 1
    return done


def session() -> aiohttp.ClientSession:
    """Connections enough for every sender."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=128),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=30),
    )
