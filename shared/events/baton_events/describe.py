"""The contract as documents: a JSON Schema for every event type and one AsyncAPI description of them all."""

from __future__ import annotations

import inspect
from importlib.resources import files
from typing import Any

import msgspec

from baton_events.base import TYPES, Event
from baton_events.envelope import CONTENT_TYPE, Envelope

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(event: type[Event]) -> dict[str, Any]:
    """The JSON Schema of one event's whole envelope, `data` included."""
    (envelope, data), components = msgspec.json.schema_components((Envelope, event), ref_template="#/$defs/{name}")
    return {
        "$schema": DIALECT,
        "$id": f"urn:baton:event:{event.kind.type}",
        "title": event.kind.type,
        "description": inspect.getdoc(event),
        "allOf": [envelope],
        "properties": {
            "type": {"const": event.kind.type},
            "source": {"const": f"/baton/{event.kind.service}"},
            "data": data,
        },
        "$defs": components,
    }


def schemas() -> dict[str, bytes]:
    """Every schema as the bytes of its file, by file name."""
    return {f"{type_}.json": pretty(schema(event)) for type_, event in sorted(TYPES.items())}


def shipped_schema(type_: str) -> bytes:
    """The schema as this distribution ships it; raises FileNotFoundError for a type it does not know."""
    return (files("baton_events") / "schemas" / f"{type_}.json").read_bytes()


def asyncapi() -> dict[str, Any]:
    """An AsyncAPI 3 document of every event; its NATS binding knows no JetStream, hence `x-jetstream`."""
    types = [event for _, event in sorted(TYPES.items())]
    refs, components = msgspec.json.schema_components((Envelope, *types), ref_template="#/components/schemas/{name}")
    messages = {event.kind.type: _message(event, refs[0], ref) for event, ref in zip(types, refs[1:], strict=True)}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Baton events",
            "version": "1.0.0",
            "description": "Every passing of work in the practice, as CloudEvents 1.0 in structured JSON.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {event.kind.type: _channel(event) for event in types},
        "operations": {event.kind.type: _sending(event) for event in types},
        "components": {"messages": messages, "schemas": components},
        "x-jetstream": {
            "stream": "CARE",
            "subjects": ["care.>"],
            "republish": {"src": "care.>", "dest": "live.>"},
            "consumer": "durable, pull, explicit ack; made by `baton subscriber add NAME --filter SUBJECT`",
            "headers": {"Nats-Msg-Id": "the event's id", "traceparent": "W3C trace context"},
            "delivery": "at least once, the same id each time; an entity's events in the order of their sequence",
        },
    }


def _message(event: type[Event], envelope: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": event.kind.type,
        "title": event.kind.name,
        "summary": inspect.getdoc(event),
        "contentType": CONTENT_TYPE,
        "payload": {"allOf": [envelope], "properties": {"type": {"const": event.kind.type}, "data": data}},
    }


def _channel(event: type[Event]) -> dict[str, Any]:
    return {
        "address": f"{event.kind.type}.{{patient}}",
        "messages": {event.kind.name: {"$ref": f"#/components/messages/{event.kind.type}"}},
        "parameters": {"patient": {"description": "The patient's random id, or `none` where no patient is concerned."}},
    }


def _sending(event: type[Event]) -> dict[str, Any]:
    return {
        "action": "send",
        "summary": inspect.getdoc(event),
        "channel": {"$ref": f"#/channels/{event.kind.type}"},
        "tags": [{"name": event.kind.service}],
    }


def pretty(document: dict[str, Any]) -> bytes:
    """A document as its file holds it."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
