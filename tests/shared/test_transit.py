"""What only a key server can do wrong: tokens that end, keys that bind nothing, answers that never come."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from shared.sealing import KeyringFile, KeysMissing, KeysUnreachable, keyring_file
from shared.sealing.providers import Moving, provider
from shared.sealing.transit import Transit
from shared.sealing.transit_http import KeyUnfit
from shared.settings import Settings, SettingsWrong
from tests.shared.keks import InTransit, transit
from tests.support.processes import free_port

__all__ = ["transit"]

KEY, HERE = b"k" * 32, b"phi/somewhere"


async def test_a_token_revoked_is_refused_for_a_while_and_its_successor_is_read_from_the_file(
    transit: InTransit, log: io.StringIO
) -> None:
    keks, token = transit.connect(), (await asyncio.to_thread(transit.token_file.read_text)).strip()
    wrapped = await keks.wrap(KEY, HERE)
    await transit.server.admin("POST", "auth/token/revoke", {"token": token})
    for asked in (keks.unwrap(wrapped, HERE), keks.wrap(KEY, HERE), keks.rewrap(wrapped, HERE), keks.current()):
        with pytest.raises(KeysUnreachable) as refused:
            await asked
        assert (refused.value.status, refused.value.retry_after) == (503, 2)
        assert token not in repr(refused.value.__context__)
    await asyncio.to_thread(transit.token_file.write_text, await transit.server.token(transit.key))
    assert await keks.unwrap(wrapped, HERE) == KEY
    assert token not in log.getvalue()
    assert '"status":"403"' in log.getvalue().replace(" ", "")


async def test_a_token_may_neither_rotate_nor_delete_the_key(transit: InTransit) -> None:
    for change in (transit.connect().rotate(), transit.connect().retire_before(2)):
        with pytest.raises(KeysUnreachable):
            await change


async def test_a_token_file_that_is_missing_is_waited_for(transit: InTransit) -> None:
    keks = transit.connect()
    token = await asyncio.to_thread(transit.token_file.read_text)
    await asyncio.to_thread(transit.token_file.unlink)
    with pytest.raises(KeysUnreachable):
        await keks.current()
    await asyncio.to_thread(transit.token_file.write_text, token)
    assert await keks.current() == f"{transit.key}:v1"


async def test_a_key_that_would_not_bind_the_context_is_refused(transit: InTransit) -> None:
    transit.key = await transit.server.new_key(derived=False)
    await asyncio.to_thread(transit.token_file.write_text, await transit.server.token(transit.key))
    with pytest.raises(KeyUnfit):
        await transit.connect().current()


async def test_a_key_that_is_not_there_is_missing_and_is_not_made(transit: InTransit) -> None:
    transit.key = f"{transit.key}-other"
    await asyncio.to_thread(transit.token_file.write_text, await transit.server.token(transit.key))
    with pytest.raises(KeysMissing):
        await transit.connect().current()
    with pytest.raises(KeysUnreachable):
        await transit.connect().wrap(KEY, HERE)
    with pytest.raises(KeysMissing):
        await transit.connect().current()


async def test_nobody_listening_and_nobody_answering_are_both_unreachable(transit: InTransit) -> None:
    with pytest.raises(KeysUnreachable):
        await transit.connect(url=f"http://127.0.0.1:{free_port()}").current()
    child, keks = transit.server.child, transit.connect(seconds=0.3)
    assert child is not None
    wrapped = await keks.wrap(KEY, HERE)
    child.send_signal(signal.SIGSTOP)
    await asyncio.to_thread(os.waitpid, child.pid, os.WUNTRACED)  # Until it stands still.
    try:
        with pytest.raises(KeysUnreachable):
            await keks.unwrap(wrapped, HERE)
    finally:
        child.send_signal(signal.SIGCONT)
    assert await keks.unwrap(wrapped, HERE) == KEY


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>"), (200, b'{"data": {}}'), (200, b""), (307, b""), (429, b""), (500, b"{}")]
)
async def test_an_answer_nobody_understands_is_no_answer(transit: InTransit, status: int, body: bytes) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Location": "/elsewhere"})

    app, port = web.Application(), free_port()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        with pytest.raises(KeysUnreachable):
            await transit.connect(url=f"http://127.0.0.1:{port}").current()
    finally:
        await runner.cleanup()


async def test_one_moves_from_a_keyring_to_the_server_without_losing_a_key(transit: InTransit, tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    await asyncio.to_thread(keyring_file.create, path, datetime.now(UTC))
    old = await KeyringFile(path).wrap(KEY, HERE)
    moving = provider(_settings(transit, keyring_file=path))
    assert isinstance(moving, Moving)
    assert await moving.unwrap(old, HERE) == KEY
    new = await moving.rewrap(old, HERE)
    assert new.kek == await moving.current() == f"{transit.key}:v1"
    assert await moving.rewrap(new, HERE) != new
    await moving.close()
    alone = provider(_settings(transit))
    assert isinstance(alone, Transit)
    assert await alone.unwrap(new, HERE) == KEY
    with pytest.raises(KeysMissing):
        await alone.unwrap(old, HERE)
    await alone.close()


def test_settings_that_name_no_provider_or_one_in_the_clear_from_afar_are_wrong(tmp_path: Path) -> None:
    token = tmp_path / "token"
    for wrong, variable in (
        ({}, "BATON_KEYRING_FILE"),
        ({"transit_url": "https://keys.example.org"}, "BATON_TRANSIT_TOKEN_FILE"),
        ({"transit_url": "http://keys.example.org", "transit_token_file": token}, "BATON_TRANSIT_URL"),
    ):
        with pytest.raises(SettingsWrong, match=variable):
            provider(_settings(None, **wrong))


def _settings(transit: InTransit | None, **others: object) -> Settings:
    named = {} if transit is None else {"transit_url": transit.server.url, "transit_token_file": transit.token_file}
    return Settings(
        service="messaging",
        practice_dir=Path(),
        nats_url="",
        service_key_file=Path(),
        service_keys_file=Path(),
        issuer="",
        jwks_url="",
        transit_key="" if transit is None else transit.key,
        **{**named, **others},  # type: ignore[arg-type]
    )
