"""The OpenAPI 3.1 document, made from the table of routes and the types that the services themselves decode."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import msgspec

from services.gateway import routes
from services.gateway.content import BYTES, largest_part
from services.gateway.merging import AllAccesses, Story
from services.gateway.routes import ROUTES, Route
from shared.bus import MEDIA_TYPE
from shared.requests.common import Content, OfPatient

REF = "#/components/schemas/{name}"
BEARER: list[dict[str, list[str]]] = [{"bearer": []}]
TEXT = {"type": "string"}
BINARY = {"type": "string", "format": "binary"}
LIVE_SUMMARY = """Live updates as server-sent events. An event's id is its place in the stream; send it back as
Last-Event-ID to resume. `ready` comes first, `work` names an owner whose list to ask for again, `writing` says who of
the other side writes in which thread at this moment (it has no id and is kept nowhere), `end` says why the stream
closes; an event without a name is something that happened to the patient."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not done, and what to do next (RFC 9457). `code` is stable; further members depend on it."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    retry_after: int | None = None


@cache
def document() -> bytes:
    """The document, as it is served."""
    return msgspec.json.encode(described())


def described() -> dict[str, Any]:
    """The document."""
    bare = {Content, *(route.operation.gives for route in ROUTES if route.parts)}
    kinds = {kind for route in ROUTES for kind in (route.operation.takes, route.operation.gives)} - bare
    ordered = sorted(kinds | {OfPatient, Story, AllAccesses, Problem}, key=lambda kind: kind.__qualname__)
    references, schemas = msgspec.json.schema_components(ordered, ref_template=REF)
    named = dict(zip(ordered, references, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, named, schemas)
    for path, name, kind in ((routes.STORY, "story", Story), (routes.ACCESSES, "accesses", AllAccesses)):
        paths[path] = {"get": _merged(name, named[kind], inspect.getdoc(kind) or "")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Baton",
            "version": "1",
            "summary": "One practice: booking, visits, messages, prescriptions, and who owes what until when.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": {**paths, **_others()},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "responses": {
                "Problem": {
                    "description": "Not done; the problem document says why and what to do next.",
                    "headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
                    "content": {MEDIA_TYPE: {"schema": named[Problem]}},
                },
            },
        },
    }


def _operation(route: Route, named: dict[Any, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    op = route.operation
    asks = schemas[named[op.takes]["$ref"].rpartition("/")[2]]
    described: dict[str, Any] = {
        "operationId": f"{op.service}.{op.name}",
        "tags": [op.service],
        "summary": inspect.getdoc(op.takes),
        "security": BEARER,
        "x-roles": sorted(op.roles),
        "parameters": [_path_value(name, asks["properties"][name]) for name in route.names],
        "responses": _responses(named[op.gives], inspect.getdoc(op.gives) or "") if op.gives in named else _file(),
    }
    if route.parts is not None:
        described["parameters"].append(RANGE)
        described["responses"] = _file() | {"206": PARTLY}
        return described
    if op.command:
        described["parameters"].append(IDEMPOTENCY_KEY)
    if route.method == "POST":
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": named[op.takes]}}}
    elif route.method == "PUT":
        described["requestBody"] = {"required": True, "content": {BYTES: {"schema": BINARY}}}
        described["x-most-bytes"] = largest_part(op)
    else:
        described["parameters"] += [
            _query_value(name, schema, required=name in asks.get("required", ()))
            for name, schema in asks["properties"].items()
            if name not in route.names
        ]
    return described


def _path_value(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_value(name: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    """A query value is left out where it is not given, so it is never null."""
    given = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    return {"name": name, "in": "query", "required": required, "schema": given[0] if len(given) == 1 else schema}


def _responses(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "200": {"description": description, "content": {"application/json": {"schema": schema}}},
        "default": {"$ref": "#/components/responses/Problem"},
    }


def _file() -> dict[str, Any]:
    """A file of any type, to be kept under the name in Content-Disposition."""
    return {
        "200": {
            "description": "The file as its bytes.",
            "headers": {"Content-Disposition": {"description": "The name to keep it under.", "schema": TEXT}},
            "content": {"*/*": {"schema": BINARY}},
        },
        "default": {"$ref": "#/components/responses/Problem"},
    }


def _merged(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "operationId": f"gateway.{name}",
        "tags": ["gateway"],
        "summary": description,
        "security": BEARER,
        "parameters": [_path_value("patient", {"type": "string", "format": "uuid"})],
        "responses": _responses(schema, description),
    }


def _others() -> dict[str, Any]:
    """The addresses that no operation answers."""
    problem = {"default": {"$ref": "#/components/responses/Problem"}}
    uuid = {"type": "string", "format": "uuid"}
    return {
        routes.LIVE: {
            "get": {
                "operationId": "gateway.live",
                "tags": ["gateway"],
                "summary": LIVE_SUMMARY,
                "security": BEARER,
                "parameters": [
                    {"name": "patient", "in": "query", "required": False, "schema": uuid},
                    {"name": "Last-Event-ID", "in": "header", "required": False, "schema": TEXT},
                ],
                "responses": {
                    "200": {"description": "The stream.", "content": {"text/event-stream": {"schema": TEXT}}},
                    **problem,
                },
            },
        },
        routes.PARTNER: {
            "post": {
                "operationId": "gateway.partner",
                "tags": ["gateway"],
                "summary": "A partner pharmacy's signed message (Standard Webhooks).",
                "parameters": [
                    _path_value("pharmacy", uuid),
                    *(
                        {"name": name, "in": "header", "required": True, "schema": TEXT}
                        for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
                    ),
                ],
                "requestBody": {"required": True, "content": {"application/fhir+json": {}}},
                "responses": {"204": {"description": "Heard."}, **problem},
            },
        },
        routes.HEALTH: {
            "get": {
                "operationId": "gateway.health",
                "tags": ["gateway"],
                "summary": "Whether the gateway can reach the practice.",
                "responses": {"200": {"description": "It can."}, **problem},
            },
        },
    }


RANGE = {
    "name": "Range",
    "in": "header",
    "required": False,
    "description": "One range of bytes. With If-Range and another ETag than the file's it is as if not given.",
    "schema": TEXT,
}
PARTLY = {
    "description": "The bytes of the range.",
    "headers": {"Content-Range": {"description": "Which bytes of how many.", "schema": TEXT}},
    "content": {"*/*": {"schema": BINARY}},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "1 to 200 visible ASCII characters, the same whenever this one command is sent again.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}
