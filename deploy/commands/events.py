"""`baton events tail`: the practice's events as they happen, and from as far back as wanted."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from baton_events.envelope import NotAnEvent, parse
from deploy.commands import connect
from deploy.commands.stream import Stored, stored

if TYPE_CHECKING:
    from nats.aio.msg import Msg

    from deploy.home import Home


async def tail(home: Home, *, subjects: str, first: int | None, as_json: bool, follow: bool) -> int:
    """Print every event on `subjects`: those stored from sequence `first` on, then those that happen."""
    live: asyncio.Queue[Msg] = asyncio.Queue()
    async with connect.nats(home) as client:
        if follow:
            await client.subscribe(f"live.{subjects.removeprefix('care.')}", cb=live.put)
            await client.flush()
        shown = 0
        if first is not None:
            async for message in stored(client, subjects, first):
                _print(message, as_json=as_json)
                shown = message.sequence
        while follow:
            event = _stored(await live.get())
            if event.sequence > shown:
                _print(event, as_json=as_json)
    return 0


def _stored(live: Msg) -> Stored:
    sequence = int((live.headers or {}).get("Nats-Sequence", 0))
    return Stored(sequence, f"care.{live.subject.removeprefix('live.')}", live.data)


def _print(message: Stored, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"stream_sequence": message.sequence, **json.loads(message.body)}), flush=True)
        return
    try:
        envelope = parse(message.body, nats_subject=message.subject)
    except NotAnEvent as error:
        print(f"{message.sequence:>8}  {message.subject}  is not an event: {error}", flush=True)
        return
    patient = message.subject.rpartition(".")[2]
    moment = envelope.time.isoformat(timespec="milliseconds")
    print(f"{message.sequence:>8}  {moment}  {envelope.type}  {envelope.subject}  patient {patient}", flush=True)
