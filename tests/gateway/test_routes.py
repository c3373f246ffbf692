"""The table of routes: every operation people may ask has one address, and the OpenAPI document says so."""

import json
from collections import Counter

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.gateway import openapi
from services.gateway.merging import STORY
from services.gateway.routes import ROUTES, Route
from shared.requests import OPERATIONS, attachments, booking, consults, conversation, directory
from shared.requests.common import ACCESSES
from tests.gateway.conftest import Gateway

NOT_AN_ADDRESS = {attachments.PART, directory.MAY_OPEN, directory.MAY_PRESCRIBE, *ACCESSES.values()}
ASKED_IN_WORDS = {
    booking.FIND_OFFERS,
    consults.CHECK_INTAKE,
    consults.FIND_PROVIDERS,
    conversation.SEARCH,
    conversation.WRITING,
}
"""Queries whose ask holds what must not stand in an address."""


def test_every_operation_that_people_may_ask_has_exactly_one_address() -> None:
    asked = Counter(route.operation.subject for route in ROUTES)
    assert asked == Counter(op.subject for op in OPERATIONS.values() if op.roles and op not in NOT_AN_ADDRESS)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_fits_its_operation(route: Route) -> None:
    assert set(route.names) <= set(route.operation.takes.__struct_fields__)
    if route.operation.command:
        assert route.method == ("PUT" if "body" in route.operation.takes.__struct_fields__ else "POST")
    else:
        assert route.method == ("POST" if route.operation in ASKED_IN_WORDS else "GET")


def test_the_story_asks_for_whole_answers() -> None:
    for part in STORY:
        assert set(part.fields) == set(part.operation.gives.__struct_fields__)


def test_the_openapi_document_is_valid() -> None:
    document = json.loads(openapi.document())
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert name


def test_the_openapi_document_tells_what_a_command_needs() -> None:
    document = json.loads(openapi.document())
    send = document["paths"]["/v1/messages"]["post"]
    assert any(one["name"] == "Idempotency-Key" and one["required"] for one in send["parameters"])
    assert send["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Send"}
    assert "default" in send["responses"]
    assert document["components"]["schemas"]["Send"]["additionalProperties"] is False


def test_the_openapi_document_tells_how_a_file_comes_and_goes() -> None:
    document = json.loads(openapi.document())
    part = document["paths"]["/v1/attachments/{attachment}/parts/{part}"]["put"]
    assert part["requestBody"]["content"]["application/octet-stream"]["schema"]["format"] == "binary"
    assert {one["name"] for one in part["parameters"]} == {"attachment", "part", "Idempotency-Key"}
    content = document["paths"]["/v1/attachments/{attachment}/content"]["get"]
    assert {one["name"] for one in content["parameters"]} == {"attachment", "Range"}
    assert set(content["responses"]) == {"200", "206", "default"}


async def test_the_openapi_document_and_health_are_there_for_everybody(gateway: Gateway) -> None:
    document = await gateway.send("GET", "/openapi.json", who=None)
    assert document.json["openapi"] == "3.1.0"
    assert set(document.json["paths"]) >= {route.path for route in ROUTES}
    assert (await gateway.send("GET", "/health", who=None)).json == {"status": "pass"}
