"""`baton keys rotate`: from keyring files to a transit engine, and on from there, with nothing lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.commands import keys
from deploy.home import SAMPLE_PRACTICE, Home
from shared.database import Database
from shared.practice import load
from shared.sealing import KeyringFile, Kind, Sealing, keyring_file
from shared.sealing.transit import Transit
from shared.sealing.transit_http import TransitHttp
from tests.support.openbao import running
from tests.support.servers import servers

SERVICE = "messaging"


async def test_a_rotation_moves_every_key_to_the_transit_engine_and_then_to_its_next_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shared, bao = servers(), await running()
    await shared.ready()
    home, files = Home(tmp_path), Home(tmp_path).service(SERVICE)
    await asyncio.to_thread(files.folder.mkdir, parents=True)
    own, keystore_url = await shared.postgres.fresh(SERVICE)
    key, token = await bao.new_key(), tmp_path / "operator.token"
    await asyncio.to_thread(files.database_url.write_text, own)
    await asyncio.to_thread(files.keystore_url.write_text, keystore_url)
    await asyncio.to_thread(token.write_text, bao.root)
    await asyncio.to_thread(keyring_file.create, files.keyring, datetime.now(UTC) - timedelta(days=90))
    monkeypatch.setattr(keys, "KEEPERS", (SERVICE,))

    db, keystore = await Database.connect(own), await Database.connect(keystore_url)
    try:
        practice = (await asyncio.to_thread(load, SAMPLE_PRACTICE)).id
        at_home = Sealing(service=SERVICE, practice=practice, db=db, keystore=keystore, keks=KeyringFile(files.keyring))
        patient, group, of = uuid4(), uuid4(), {"object": uuid4(), "author": uuid4()}
        sealed = (await at_home.keys(patient, group)).seal(b"text", kind=Kind.MESSAGE, **of)
        assert await keys.rotate(home, SAMPLE_PRACTICE, groups_older_than=timedelta(days=1)) == 0
        assert "messaging: 1 patient keys under a new key, 0 groups renewed, 0 old keys removed" in _said(capsys)

        monkeypatch.setenv("BATON_TRANSIT_URL", bao.url)
        monkeypatch.setenv("BATON_TRANSIT_KEY", key)
        monkeypatch.setenv("BATON_TRANSIT_TOKEN_FILE", str(token))
        for version in (2, 3):
            assert await keys.rotate(home, SAMPLE_PRACTICE, groups_older_than=timedelta(0)) == 0
            assert "1 patient keys under a new key, 1 groups renewed" in _said(capsys)
            async with keystore.reading() as tx:
                assert await tx.fetchval("SELECT kek FROM patient_key") == f"{key}:v{version}"
        transit = Transit(TransitHttp(url=bao.url, token_file=token), key)
        there = Sealing(service=SERVICE, practice=practice, db=db, keystore=keystore, keks=transit)
        assert (await there.keys(patient, group)).open(sealed, kind=Kind.MESSAGE, **of) == b"text"
        assert await keys._retire_versions(there, transit, datetime.now(UTC)) == 0
        assert await keys._retire_versions(there, transit, datetime.now(UTC) + timedelta(hours=2)) == 2
        assert (await transit.about()).min_decryption_version == 3
        there.forget(patient)
        assert (await there.keys(patient, group)).open(sealed, kind=Kind.MESSAGE, **of) == b"text"
        await transit.close()
    finally:
        await db.close()
        await keystore.close()


def _said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out
