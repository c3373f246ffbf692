"""Words written on the journey are found nowhere at rest, in no log and in no metric."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import TYPE_CHECKING

import aiohttp
import pytest

from deploy.journey import walk
from deploy.journey.run import walk_journey
from deploy.stack.postgres import binaries
from deploy.wires import KEEPERS
from tests.bench.files import App
from tests.journeys.words import WORDS, say_everything
from tests.messaging.files import PART, pdf
from tests.support.installed import Installed, installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("installation")]

FILE_NAME, FILE_CONTENT = "canary rash of Tuesday.pdf", "canary: it burns behind the left knee"
CANARIES = [walk.REASON, walk.FOLLOW_UP, walk.ANSWER, walk.LAST_WORD, walk.PAID_FOR, FILE_NAME, FILE_CONTENT, *WORDS]
UNCOMPRESSED = """
DO $$
DECLARE c record;
BEGIN
    FOR c IN SELECT a.attrelid::regclass AS rel, a.attname FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
              WHERE r.relkind = 'r' AND r.relnamespace = 'public'::regnamespace AND a.attnum > 0
                AND NOT a.attisdropped AND a.attstorage IN ('x', 'm')
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE EXTERNAL', c.rel, c.attname);
    END LOOP;
END $$
"""


def disguises(words: str) -> Iterator[bytes]:
    """The words plain, in hex, in JSON's escapes, and in base64 at each of its three alignments."""
    plain = words.encode()
    yield plain
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield json.dumps(words)[1:-1].encode()
    yield "".join(f"\\u{ord(letter):04x}" for letter in words).encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            yield encode(b"\0" * shift + plain)[4 if shift else 0 : -4]


def found_in(content: bytes, canaries: list[str]) -> list[str]:
    """The canaries the content shows in any disguise."""
    return [words for words in canaries if any(disguise in content for disguise in disguises(words))]


def files(it: Installed) -> Iterator[Path]:
    """Everything the installation keeps; what the simulated pharmacies keep is theirs."""
    for path in it.home.root.rglob("*"):
        if path.is_file() and "simulator" not in path.relative_to(it.home.root).parts[0]:
            yield path


def dump(it: Installed, database: str) -> bytes:
    """The database as a backup would hold it."""
    command = [str(binaries() / "pg_dump"), "--inserts", it.database_url(database)]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - our own pg_dump


@pytest.mark.parametrize("disguised", list(disguises(walk.REASON)))
def test_the_scan_finds_every_disguise(disguised: bytes) -> None:
    assert found_in(b"before " + disguised + b" after", CANARIES) == [walk.REASON]


async def test_what_was_written_on_the_journey_is_found_nowhere(tmp_path: Path) -> None:
    async with installed(tmp_path / "home") as it:
        for database in KEEPERS:
            connection = await it.connect(database)
            await connection.execute(UNCOMPRESSED)
            await connection.close()
        assert await walk_journey(it.url, "baton", lambda _: None)
        await send_a_file(it)
        connection = await it.connect("messaging")
        await connection.execute("CREATE TABLE control (words text)")
        await connection.execute("INSERT INTO control VALUES ($1)", "a planted control")
        await connection.execute("CHECKPOINT")
        await connection.close()
        dumps = {name: dump(it, name) for service in KEEPERS for name in (service, f"{service}_keys")}
        metrics = await _metrics(it)
    for name, content in {**dumps, **metrics}.items():
        assert content, name
        assert not found_in(content, CANARIES), name
    assert found_in(dumps["messaging"], ["a planted control"]), "the scan must find what is plain in a dump"
    control = False
    for path in files(it):
        content = path.read_bytes()
        assert not found_in(content, CANARIES), path.relative_to(tmp_path)
        control = control or bool(found_in(content, ["a planted control"]))
    assert control, "the scan must find what is plain in the database's files"


async def send_a_file(it: Installed) -> None:
    """Maria sends a document whose name and content are canaries, reads it again, and says all else that can be."""
    async with aiohttp.ClientSession() as http:
        app = await App.opened(http, it.url, "maria-lopez")
        content = pdf(2 * PART - 1000) + FILE_CONTENT.encode() + pdf(PART)
        file = await app.upload(content, name=FILE_NAME)
        await app.person.post("/v1/messages", thread=app.thread, text="here it is", attachments=[file])
        page = await app.person.get(f"/v1/threads/{app.thread}/messages")
        assert page["messages"][0]["attachments"][0]["name"] == FILE_NAME
        assert await app.download(file) == len(content)
        await say_everything(http, it.url)


async def _metrics(it: Installed) -> dict[str, bytes]:
    ports = json.loads((it.home.run / "ports.json").read_text(encoding="ascii"))
    found: dict[str, bytes] = {}
    async with aiohttp.ClientSession() as http:
        for service in ("gateway", *KEEPERS):
            async with http.get(f"http://127.0.0.1:{ports[service + '-ops']}/metrics") as answer:
                found[f"{service} metrics"] = await answer.read()
    return found
