"""Partners at the door: what is not even a signed message goes no further; the rest is for pharmacy to verify."""

from uuid import uuid4

from tests.gateway.conftest import Gateway, Opening

SIGNED = {"webhook-id": "msg_1", "webhook-timestamp": "1764000000", "webhook-signature": "v1,c2lnbmF0dXJl"}
NEARBY = "fa12ac00-0000-4000-8000-000000000002"


async def test_what_is_no_signed_message_goes_no_further(gateway: Gateway) -> None:
    async def post(pharmacy: str, headers: dict[str, str], body: bytes = b"{}"):  # noqa: ANN202 - an answer
        path = f"/v1/partners/pharmacies/{pharmacy}/webhook"
        return await gateway.send("POST", path, who=None, headers=headers, data=body)

    for absent in SIGNED:
        refused = await post(NEARBY, {name: value for name, value in SIGNED.items() if name != absent})
        assert (refused.status, refused.code, refused.json["field"]) == (400, "invalid", absent)
        refused = await post(NEARBY, {**SIGNED, absent: "pr\u00fcfung"})
        assert (refused.status, refused.code, refused.json["field"]) == (400, "invalid", absent)
    assert (await post("nearby", SIGNED)).code == "not-found"
    assert (await post(NEARBY, SIGNED, b"x" * 70_000)).code == "too-large"
    assert (await post(NEARBY, SIGNED)).code == "unavailable"


async def test_a_signature_that_pharmacy_does_not_accept_is_refused(opened: Opening) -> None:
    async with opened("directory", "pharmacy") as gateway:
        for pharmacy in (NEARBY, uuid4()):
            path = f"/v1/partners/pharmacies/{pharmacy}/webhook"
            refused = await gateway.send("POST", path, who=None, headers=SIGNED, data=b"{}")
            assert 400 <= refused.status < 500
            assert refused.code


async def test_an_address_that_floods_partners_door_is_slowed(opened: Opening) -> None:
    async with opened(address_rate="1", address_burst="3") as gateway:
        path = f"/v1/partners/pharmacies/{NEARBY}/webhook"
        answers = [await gateway.send("POST", path, who=None, headers=SIGNED, data=b"{}") for _ in range(5)]
        assert [answer.status for answer in answers] == [503] * 3 + [429] * 2
