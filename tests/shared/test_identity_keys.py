import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from deploy.issuer.mint import new_key
from shared.errors import Unauthenticated
from shared.identity.jwks import IssuerKeys, IssuerUnavailable
from shared.identity.keys import (
    KeyWrong,
    new_service_key,
    public_table,
    read_private,
    read_public_table,
    usable,
    write_private,
)


def public(*keys: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


class Issuer:
    """A key set over real HTTP, counting who asks, that can be slow, wrong or gone."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: Callable[[], Awaitable[web.Response]] = self.keys
        self.known = [new_key()]
        self.url = ""

    async def keys(self) -> web.Response:
        return web.json_response(public(*self.known))

    async def handle(self, _: web.Request) -> web.Response:
        self.asked += 1
        return await self.answer()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/jwks", issuer.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}/jwks"
    yield issuer
    await runner.cleanup()


async def gone() -> web.Response:
    return web.Response(status=503)


async def test_many_who_wait_share_one_fetch(issuer: Issuer) -> None:
    keys = IssuerKeys(issuer.url)
    found = await asyncio.gather(*(keys.key(issuer.known[0].kid) for _ in range(50)))
    assert {key.kid for key in found} == {issuer.known[0].kid}
    assert issuer.asked == 1


async def test_a_new_key_is_found_when_a_token_first_names_it(issuer: Issuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, monotonic=clock)
    await keys.key(issuer.known[0].kid)
    issuer.known.append(new_key())
    clock.now += 6
    assert (await keys.key(issuer.known[1].kid)).kid == issuer.known[1].kid


async def test_invented_key_ids_do_not_make_us_ask_again_and_again(issuer: Issuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, monotonic=clock)
    await keys.key(issuer.known[0].kid)
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await keys.key(f"invented-{number}")
    assert issuer.asked == 1
    clock.now += 6
    with pytest.raises(Unauthenticated):
        await keys.key("invented")
    assert issuer.asked == 2


async def test_known_keys_are_served_while_the_issuer_is_away(issuer: Issuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, monotonic=clock)
    kid = issuer.known[0].kid
    await keys.key(kid)
    issuer.answer = gone
    clock.now += 3600
    assert (await keys.key(kid)).kid == kid
    await asyncio.gather(*(task for task in [keys._fetching] if task is not None))
    assert issuer.asked == 2
    assert (await keys.key(kid)).kid == kid


async def test_a_key_withdrawn_by_the_issuer_is_forgotten_within_minutes(issuer: Issuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, monotonic=clock)
    withdrawn = issuer.known[0].kid
    await keys.key(withdrawn)
    issuer.known = [new_key()]
    clock.now += 601
    await keys.key(withdrawn)
    await asyncio.gather(*(task for task in [keys._fetching] if task is not None))
    with pytest.raises(Unauthenticated):
        await keys.key(withdrawn)


async def test_before_the_first_answer_nobody_can_be_told_from_nobody(issuer: Issuer) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, monotonic=clock)
    issuer.answer = gone
    with pytest.raises(IssuerUnavailable) as refused:
        await keys.key("any")
    assert refused.value.status == 503
    issuer.answer = issuer.keys
    with pytest.raises(IssuerUnavailable):
        await keys.key(issuer.known[0].kid)
    clock.now += 1
    await keys.key(issuer.known[0].kid)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"keys":[]}', b'{"keys":{}}', b"<html>", b" " * 70_000])
async def test_what_is_no_key_set_replaces_nothing(issuer: Issuer, content: bytes) -> None:
    clock = Clock()
    keys = IssuerKeys(issuer.url, monotonic=clock)
    kid = issuer.known[0].kid
    await keys.key(kid)

    async def nonsense() -> web.Response:
        return web.Response(body=content)

    issuer.answer = nonsense
    clock.now += 6
    with pytest.raises(Unauthenticated):
        await keys.key("other")
    assert (await keys.key(kid)).kid == kid


async def test_an_issuer_that_sends_us_elsewhere_is_not_followed(issuer: Issuer) -> None:
    async def elsewhere() -> web.Response:
        return web.Response(status=302, headers={"Location": issuer.url})

    issuer.answer = elsewhere
    with pytest.raises(IssuerUnavailable):
        await IssuerKeys(issuer.url).key("any")
    assert issuer.asked == 1


async def test_an_issuer_that_does_not_answer_is_not_waited_for_long() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
    async with asyncio.timeout(4):
        with pytest.raises(IssuerUnavailable):
            await IssuerKeys(url).key("any")
    server.close()


def test_only_keys_that_signatures_are_checked_with_here_are_used() -> None:
    assert usable(ECKey.generate_key("P-256").as_dict(private=False))
    assert usable(OKPKey.generate_key("Ed25519").as_dict(private=False))
    for key in (
        OctKey.generate_key(256),
        RSAKey.generate_key(2048),
        ECKey.generate_key("P-384"),
        OKPKey.generate_key("X25519"),
        ECKey.generate_key("P-256", {"use": "enc"}),
    ):
        assert usable(key.as_dict()) is None
    for wrong in (None, [], "x", {}, {"kty": "EC", "crv": "P-256"}, {"kty": "OKP", "crv": "Ed25519", "x": "!"}):
        assert usable(wrong) is None


def test_a_private_key_is_kept_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    key = new_service_key("booking")
    write_private(path, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_private(path, key)
    assert read_private(path).as_dict(private=True) == key.as_dict(private=True)
    assert [left.name for left in tmp_path.iterdir()] == ["key.json"]


def test_a_key_half_written_before_a_crash_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "key.json.new").write_text('{"kty":"OK')
    write_private(tmp_path / "key.json", new_service_key("booking"))
    assert read_private(tmp_path / "key.json").kid == "service:booking"


def test_the_table_of_services_holds_public_keys_only(tmp_path: Path) -> None:
    path = tmp_path / "services.json"
    keys = {name: new_service_key(name) for name in ("booking", "visits")}
    path.write_bytes(public_table(keys))
    assert b'"d"' not in path.read_bytes()
    assert read_public_table(path).keys() == keys.keys()
    path.write_bytes(b'{"booking":' + str.encode(str(keys["booking"].as_dict(private=True)).replace("'", '"')) + b"}")
    with pytest.raises(KeyWrong):
        read_public_table(path)
    with pytest.raises(KeyWrong):
        read_private(path)
    path.write_text("nonsense")
    with pytest.raises(KeyWrong):
        read_public_table(path)
