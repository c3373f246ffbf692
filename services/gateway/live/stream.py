"""The stream: server-sent events whose ids are places in the stream, so that an app resumes where it broke off."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from aiohttp_sse import EventSourceResponse

from services.gateway import metrics
from services.gateway.door import DOOR, HEADERS, signed_in
from services.gateway.live.listener import Listener
from services.gateway.live.shown import rendered, shows, shows_writing
from services.gateway.live.stored import events_after, last_sequence
from services.gateway.live.whose import over, viewer
from shared.background import jittered
from shared.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiohttp import web
    from nats.aio.client import Client

    from services.gateway.door import Door
    from services.gateway.live.listener import LiveEvent
    from services.gateway.live.whose import Viewer

RETRY_SECONDS = 0.5
GONE = "gone"


async def live(request: web.Request) -> web.StreamResponse:
    """What happens, as it happens: to the patient in whose record the caller is, and to the lists of work they see."""
    door = request.app[DOOR]
    person, token = await signed_in(request)
    watching = await viewer(door, person, token, request.query)
    listener = Listener(watching.patient, watching.owners)
    with door.streams.one(person.id), metrics.LIVE.track_inprogress():
        async with door.hub.listening(listener):
            place = await _resume_at(door.bus.nats, listener, request.headers.get("Last-Event-ID"))
            return await _stream(request, door, watching, listener, place)


async def _resume_at(nats: Client, listener: Listener, last_seen: str | None) -> int:
    """The place in the stream up to which the app knows everything: where it broke off, or now."""
    if listener.patient is None:
        return 0
    newest = await last_sequence(nats)
    if last_seen is None or not (last_seen.isascii() and last_seen.isdigit()):
        return newest
    listener.behind = True
    listener.news.set()
    return min(int(last_seen[:20]), newest)


async def _stream(
    request: web.Request, door: Door, watching: Viewer, listener: Listener, place: int
) -> EventSourceResponse:
    response = EventSourceResponse(
        sep="\n",
        send_timeout=door.settings.live_send_seconds,
        ping_interval=door.settings.live_ping_seconds,
    )
    response.headers.update(HEADERS)
    try:
        await response.prepare(request)
        async with response:
            await response.send("{}", event="ready", id=str(place) if watching.patient else None)
            why = await _first(
                _tell(response, door.bus.nats, watching, listener, place),
                over(door, watching),
                _gone(response),
            )
            if why != GONE:
                await response.send(_json({"reason": why}), event="end")
    except (ConnectionError, TimeoutError):
        response.force_close()
    return response


async def _tell(response: EventSourceResponse, nats: Client, watching: Viewer, listener: Listener, place: int) -> str:
    """Send what the listener hears, each event once and in order; never returns by itself."""
    while True:
        await listener.news.wait()
        listener.news.clear()
        if listener.behind:
            place = await _catch_up(response, nats, watching, listener, place)
        while listener.waiting and not listener.behind:
            place = await _send(response, watching, listener.waiting.popleft(), place)
        while listener.writing:
            _, said = listener.writing.popitem()
            if watching.ground and shows_writing(said, watching.person.id, watching.ground):
                await response.send(msgspec.json.encode(said).decode(), event="writing")
        while listener.changed:
            await response.send(_json({"owner": listener.changed.pop()}), event="work")


async def _catch_up(
    response: EventSourceResponse, nats: Client, watching: Viewer, listener: Listener, place: int
) -> int:
    """Send what was stored after the place; what happens meanwhile is heard, and sent once."""
    assert watching.patient is not None, "only who watches a record can have missed an event"
    listener.catch_up()
    try:
        async for event in events_after(nats, watching.patient, place):
            metrics.CAUGHT_UP.inc()
            place = await _send(response, watching, event, place)
    except Unavailable:
        listener.fell_behind()
        await asyncio.sleep(jittered(RETRY_SECONDS))
    return place


async def _send(response: EventSourceResponse, watching: Viewer, event: LiveEvent, place: int) -> int:
    if event.sequence <= place:
        return place
    if watching.ground and shows(event.envelope, watching.ground):
        await response.send(rendered(event.envelope), id=str(event.sequence))
    return event.sequence


async def _gone(response: EventSourceResponse) -> str:
    await response.wait()
    return GONE


async def _first(*coroutines: Coroutine[None, None, str]) -> str:
    """What the first of these gives; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _json(document: dict[str, str]) -> str:
    return msgspec.json.encode(document).decode()
