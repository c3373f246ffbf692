"""Walk the journey and print each step with the events it caused and the handoffs it opened and closed."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp

from deploy.journey.app import NotHeld
from deploy.journey.live import name_of
from deploy.journey.steps import STEPS
from deploy.journey.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT = aiohttp.ClientTimeout(total=10)


async def walk_journey(url: str, password: str, tell: Callable[[dict[str, Any]], None]) -> bool:
    """Walk every step, telling each as it ends; False when one did not hold, and then the rest is not walked."""
    async with aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as http:
        walk = Walk(http, url.rstrip("/"), password)
        told = 0
        try:
            for number, (title, take) in enumerate(STEPS, start=1):
                failure = await _taken(take, walk)
                events = walk.live.seen[told:] if walk.live else []
                told += len(events)
                tell(_step(number, title, events, failure))
                if failure is not None:
                    return False
        finally:
            if walk.live is not None:
                await walk.live.__aexit__()
    return True


async def _taken(take: Any, walk: Walk) -> str | None:
    try:
        await take(walk)
    except NotHeld as error:
        return str(error)
    return None


def _step(number: int, title: str, events: list[dict[str, Any]], failure: str | None) -> dict[str, Any]:
    handoffs = [
        {
            "change": name_of(event).removeprefix("handoff."),
            "name": event["data"]["name"],
            "owner": event["data"]["owner"],
            "due": event["data"].get("due"),
            "time": event["time"],
        }
        for event in events
        if name_of(event).startswith("handoff.")
    ]
    others = [
        {"event": name_of(event), "time": event["time"], "stream_sequence": event["stream_sequence"]}
        for event in events
        if not name_of(event).startswith("handoff.")
    ]
    held: dict[str, Any] = {"step": number, "title": title, "held": failure is None}
    if failure is not None:
        held["instead"] = failure
    return {**held, "events": others, "handoffs": handoffs}


def print_json(step: dict[str, Any]) -> None:
    """One step as one line of JSON."""
    print(json.dumps(step), flush=True)


def print_plain(step: dict[str, Any]) -> None:
    """One step for a person to read."""
    print(f"{'✓' if step['held'] else '✗'} {step['step']:2}. {step['title']}", flush=True)
    for event in step["events"]:
        print(f"       {event['time'][11:19]}  {event['event']}")
    for handoff in step["handoffs"]:
        due = f", due {handoff['due'][:16].replace('T', ' ')}Z" if handoff["due"] else ""
        print(
            f"       {handoff['time'][11:19]}  handoff {handoff['name']} {handoff['change']}: {handoff['owner']}{due}"
        )
    if not step["held"]:
        print(f"       this step did not hold: {step['instead']}")


def journey(url: str, password: str, *, as_json: bool) -> int:
    """The command's exit status: 0 only if every step held."""
    held = asyncio.run(walk_journey(url, password, print_json if as_json else print_plain))
    if held and not as_json:
        print("The journey held: every step, every handoff closed.")
    return 0 if held else 1
