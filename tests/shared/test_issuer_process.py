import asyncio
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from deploy.issuer import accounts
from deploy.issuer.accounts import AccountsWrong
from deploy.issuer.client import refresh, sign_in
from deploy.issuer.passwords import hashed, matches
from deploy.issuer.settings import NotLoopback, Settings
from shared.identity.jwks import fetch
from shared.practice import load
from tests.support import processes
from tests.support.surroundings import PRACTICE_DIR


def settings(tmp_path: Path, **changed: str) -> Settings:
    variables = {
        "BATON_ISSUER": "http://127.0.0.1:8080/oidc",
        "BATON_ISSUER_FOLDER": str(tmp_path),
        "BATON_PRACTICE_DIR": str(PRACTICE_DIR),
        **changed,
    }
    return Settings.from_environment(variables)


@pytest.mark.parametrize(
    "changed",
    [
        {"BATON_ISSUER_HOST": "0.0.0.0"},  # noqa: S104 - what must be refused
        {"BATON_ISSUER_HOST": "::"},
        {"BATON_ISSUER_HOST": "192.168.1.10"},
        {"BATON_ISSUER_HOST": ""},
        {"BATON_ISSUER": "https://sign-in.example.org"},
        {"BATON_ISSUER": "http://127.0.0.1.example.org/oidc"},
        {"BATON_ISSUER": "http://10.0.0.1:8080/oidc"},
        {"BATON_ISSUER": "nonsense"},
    ],
)
def test_it_refuses_to_be_reached_from_elsewhere(tmp_path: Path, changed: dict[str, str]) -> None:
    with pytest.raises(NotLoopback):
        settings(tmp_path, **changed)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_it_listens_on_loopback(tmp_path: Path, host: str) -> None:
    assert settings(tmp_path, BATON_ISSUER_HOST=host).prefix == "/oidc"


def environment(tmp_path: Path, port: int, host: str = "127.0.0.1") -> dict[str, str]:
    return {
        "BATON_ISSUER": f"http://127.0.0.1:{port}/oidc",
        "BATON_ISSUER_FOLDER": str(tmp_path / "issuer"),
        "BATON_ISSUER_HOST": host,
        "BATON_ISSUER_PORT": str(port),
        "BATON_PRACTICE_DIR": str(PRACTICE_DIR),
    }


def start(tmp_path: Path, port: int, host: str = "127.0.0.1") -> "subprocess.Popen[bytes]":
    with (tmp_path / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.issuer"], env=environment(tmp_path, port, host), stderr=log, stdout=log
        )


async def answers(url: str) -> None:
    async with asyncio.timeout(20), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"{url}/health"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


async def test_key_and_sessions_survive_a_crash(tmp_path: Path) -> None:
    port = processes.free_port()
    url = f"http://127.0.0.1:{port}/oidc"
    service = start(tmp_path, port)
    try:
        await answers(url)
        keys = await fetch(f"{url}/jwks")
        tokens = await sign_in(url, "maria-lopez", "baton")
        service.kill()
        service.wait()
        service = start(tmp_path, port)
        await answers(url)
        assert (await fetch(f"{url}/jwks")).keys() == keys.keys()
        assert (await refresh(url, tokens["refresh_token"]))["access_token"]
        service.terminate()
        assert service.wait(10) == 0
    finally:
        service.kill()
        service.wait()
    said = (tmp_path / "log").read_text()
    assert "maria" not in said
    assert tokens["refresh_token"] not in said


async def test_the_process_ends_at_once_outside_loopback(tmp_path: Path) -> None:
    service = start(tmp_path, processes.free_port(), host="0.0.0.0")  # noqa: S104 - what must be refused
    try:
        assert await asyncio.to_thread(service.wait, 20) != 0
    finally:
        service.kill()
        service.wait()
    assert "NotLoopback" in (tmp_path / "log").read_text()


def test_an_account_of_nobody_or_a_name_used_twice_is_refused(tmp_path: Path) -> None:
    practice = load(PRACTICE_DIR)
    file = tmp_path / "sign-in.toml"
    entry = '[[accounts]]\nname = "{}"\nperson = "{}"\npassword = "x"\n'
    maria = "9a71e000-0000-4000-8000-000000000001"
    file.write_text("apps = []\n" + entry.format("maria", maria))
    assert [account.name for account in accounts.read(file, practice).accounts] == ["maria"]
    for people in (["maria", "maria"], ["maria", "jonas"]):
        ids = [maria, maria if people[1] == "maria" else "9a71e000-0000-4000-8000-0000000000ff"]
        file.write_text("apps = []\n" + "".join(map(entry.format, people, ids)))
        with pytest.raises(AccountsWrong):
            accounts.read(file, practice)


def test_a_password_is_kept_as_a_salted_argon2id_hash() -> None:
    first, second = hashed("baton"), hashed("baton")
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert matches("baton", first)
    assert matches("baton", second)
    assert not matches("Baton", first)
