"""Files at the door: their bytes bare in either direction, kept under a name that harms nobody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec
import pytest

from services.gateway.content import LONGEST_NAME, kept_as, safe_name, whole
from shared.requests.common import Content
from tests.gateway.conftest import Answered, Gateway, Opening
from tests.gateway.test_forwarding import thread_of
from tests.messaging.files import PART, pdf, png

NAME = "the rash.png"


def test_a_file_is_answered_as_its_bytes_to_be_kept_under_its_name() -> None:
    answer = whole(msgspec.json.encode(Content(media_type="application/pdf", name="receipt.pdf", body=b"%PDF-1.7\x00")))
    assert answer.body == b"%PDF-1.7\x00"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == "attachment; filename=\"receipt.pdf\"; filename*=UTF-8''receipt.pdf"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Ausschlag am Fuß.jpg", "Ausschlag am Fuß.jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        ('a"; filename="b.exe', "a__ filename=_b.exe"),
        ("a\r\nSet-Cookie: x=1", "a__Set-Cookie_ x=1"),
        ("photo\u202egpj.exe", "photo_gpj.exe"),
        ("\x00\x1f", "__"),
        (".hidden", "hidden"),
        (" . ", "file"),
        ("", "file"),
        ("%2e%2e%2f", "_2e_2e_2f"),
    ],
)
def test_a_name_leads_nowhere_and_ends_no_header(name: str, kept: str) -> None:
    assert safe_name(name) == kept


def test_a_name_outside_ascii_stands_in_full_beside_a_plain_one() -> None:
    header = kept_as("Fuß 照片.jpg")["Content-Disposition"]
    assert header.isascii()
    assert header == "attachment; filename=\"Fu .jpg\"; filename*=UTF-8''Fu%C3%9F%20%E7%85%A7%E7%89%87.jpg"
    assert 'filename="file"' in kept_as("照片")["Content-Disposition"]


def test_a_wide_quotation_mark_ends_no_value_once_it_is_made_plain() -> None:
    wide = {ord(sign): ord(sign) + 0xFEE0 for sign in '";=/\\%'}
    header = kept_as('a"; filename="evil.exe"; x="\\/%.pdf'.translate(wide))["Content-Disposition"]
    assert header.count('"') == 2
    assert header.count(";") == 2
    assert 'filename="a__ filename=_evil.exe__ x=____.pdf"' in header


def test_a_long_name_keeps_its_ending() -> None:
    assert safe_name("x" * 5000 + ".jpeg") == "x" * (LONGEST_NAME - 5) + ".jpeg"
    assert len(safe_name("x." + "y" * 5000)) == LONGEST_NAME


async def begun(gateway: Gateway, size: int, **more: Any) -> str:
    thread = more.pop("thread", None) or await thread_of(gateway, "maria-lopez")
    wanted = {"thread": thread, "name": NAME, "media_type": "image/png", "size": size, **more}
    return str((await gateway.command("/v1/attachments", wanted)).json["attachment"])


async def put(gateway: Gateway, file: str, part: int | str, body: Any, **headers: str) -> Answered:
    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/octet-stream", **headers}
    return await gateway.send("PUT", f"/v1/attachments/{file}/parts/{part}", data=body, headers=headers)


async def uploaded(gateway: Gateway, content: bytes, **more: Any) -> str:
    """A whole file of Maria's, in a message of hers."""
    thread = await thread_of(gateway, "maria-lopez")
    file = await begun(gateway, len(content), thread=thread, **more)
    for index in range(-(-len(content) // PART)):
        sent = await put(gateway, file, index + 1, content[index * PART : (index + 1) * PART])
        assert sent.json == {"attachment": file, "part": index + 1}
    assert (await gateway.command("/v1/attachments/finish", {"attachment": file})).status == 200
    letter = {"thread": thread, "text": "look", "attachments": [file]}
    assert (await gateway.command("/v1/messages", letter)).status == 200
    return file


async def test_a_file_comes_and_goes_as_its_bytes_whole_and_in_ranges(opened: Opening) -> None:
    content = png(size=2 * PART + 12_345)
    async with opened("directory", "messaging") as gateway:
        file = await uploaded(gateway, content)
        whole = await gateway.get(f"/v1/attachments/{file}/content")
        assert (whole.status, whole.body) == (200, content)
        assert whole.headers["Content-Type"] == "image/png"
        assert whole.headers["Content-Disposition"].startswith('attachment; filename="the rash.png"')
        assert whole.headers["Cache-Control"] == "no-store"
        assert whole.headers["X-Content-Type-Options"] == "nosniff"
        assert whole.headers["Content-Security-Policy"].startswith("default-src 'none'")
        size, tag = len(content), whole.headers["ETag"]
        for asked, first, last in (
            ("bytes=0-0", 0, 0),
            ("bytes=524287-524288", 524287, 524288),
            ("bytes=100-1048700", 100, 1048700),
            ("bytes=-1", size - 1, size - 1),
            ("bytes=524288-", 524288, size - 1),
        ):
            part = await gateway.get(f"/v1/attachments/{file}/content", headers={"Range": asked, "If-Range": tag})
            assert (part.status, part.body) == (206, content[first : last + 1])
            assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        beyond = await gateway.get(f"/v1/attachments/{file}/content", headers={"Range": f"bytes={size}-"})
        assert (beyond.status, beyond.code) == (416, "range-not-satisfiable")
        assert beyond.headers["Content-Range"] == f"bytes */{size}"
        for ignored in (
            {"Range": f"bytes=0-{size}"},
            {"Range": "bytes=0-1,3-4"},
            {"Range": "lines=1-2"},
            {"Range": "bytes=0-0", "If-Range": '"x"'},
        ):
            again = await gateway.get(f"/v1/attachments/{file}/content", headers=ignored)
            assert (again.status, again.body) == (200, content)
        for who in ("jonas-weber", "aisha-khan"):
            theirs = await gateway.get(f"/v1/attachments/{file}/content", who=who)
            nobodys = await gateway.get(f"/v1/attachments/{uuid4()}/content", who=who)
            assert (theirs.status, theirs.code) == (404, "no-such-attachment")
            assert theirs.body == nobodys.body
        assert (await gateway.get(f"/v1/attachments/{file}/content", who=None)).status == 401
        assert (await gateway.get("/v1/attachments/one/content")).status == 400


async def test_a_body_too_large_is_refused_before_it_arrives_and_the_connection_closed(opened: Opening) -> None:
    async with opened("directory", "messaging") as gateway:
        file = await begun(gateway, 25 * 1024 * 1024)
        for path in (f"/v1/attachments/{file}/parts/1", f"/v1/attachments/{uuid4()}/parts/50"):
            token = gateway.as_("maria-lopez")["Authorization"]
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.ground.port)
            writer.write(
                f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nIdempotency-Key: k\r\n"
                f"Content-Type: application/octet-stream\r\nContent-Length: {26 * 1024 * 1024}\r\n\r\n".encode()
            )
            async with asyncio.timeout(5):
                told = await reader.read()
            assert told.startswith(b"HTTP/1.1 413 ")
            assert b'"code":"too-large"' in told
            writer.close()

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(26):
                yield bytes(1024 * 1024)

        streamed = await put(gateway, file, 1, chunks())
        assert (streamed.status, streamed.code) == (413, "too-large")
        assert (await put(gateway, file, 1, bytes(PART + 1))).status in {400, 413}
        refused = await gateway.command(
            "/v1/attachments", {"patient": str(uuid4()), "name": "x", "media_type": "image/png", "size": 26_214_401}
        )
        assert (refused.status, refused.code) == (413, "file-too-large")


async def test_what_is_no_part_is_refused(opened: Opening) -> None:
    async with opened("directory", "messaging") as gateway:
        file = await begun(gateway, 100)
        for part in ("0", "51", "10001", "-1", "one", "1.5", "9" * 400):
            assert (await put(gateway, file, part, b"x")).status == 400
        assert (await put(gateway, "no-id", 1, b"x")).status == 400
        for wrong in ({"Content-Type": "application/json"}, {"Content-Encoding": "gzip"}):
            refused = await put(gateway, file, 1, b"x" * 100, **wrong)
            assert (refused.status, refused.code) == (415, "not-bytes")
        short = await put(gateway, file, 1, b"x" * 99)
        assert (short.status, short.code, short.json["expected"]) == (400, "part-wrong-length", 100)
        assert (await put(gateway, file, 1, b"x" * 100, **{"Idempotency-Key": " "})).status == 400


async def test_an_upload_that_stalls_is_given_up_and_goes_on_later(opened: Opening) -> None:
    async with opened("directory", "messaging", part_seconds="0.3") as gateway:
        file, content = await begun(gateway, 1000), png(size=1000)

        async def stalling() -> AsyncIterator[bytes]:
            yield content[:500]
            await asyncio.sleep(2)
            yield content[500:]

        stalled = await put(gateway, file, 1, stalling())
        assert (stalled.status, stalled.code) == (408, "too-slow")
        assert gateway.door.files.now == 0
        assert (await put(gateway, file, 1, content)).status == 200


async def test_a_download_that_stalls_is_cut(opened: Opening) -> None:
    async with opened("directory", "messaging", part_seconds="0.3") as gateway:
        file = await uploaded(gateway, pdf(8 * 1024 * 1024), media_type="application/pdf")
        token = gateway.as_("maria-lopez")["Authorization"]
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.ground.port, limit=1024)
        writer.write(
            f"GET /v1/attachments/{file}/content HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode()
        )
        await gateway.stack.until(lambda: under_way(gateway, 1))
        await gateway.stack.until(lambda: under_way(gateway, 0))
        writer.transport.abort()


async def under_way(gateway: Gateway, count: int) -> bool:
    return gateway.door.files.now == count


async def test_of_a_file_damaged_in_the_store_no_damaged_byte_is_sent(opened: Opening, tmp_path: Path) -> None:
    content = png(size=3 * PART)
    async with opened("directory", "messaging", objects_url=tmp_path.as_uri()) as gateway:
        file = await uploaded(gateway, content)
        rows = await gateway.stack.fetch("messaging", "SELECT object FROM attachment_part ORDER BY part")
        paths = [tmp_path / row["object"].hex[:2] / row["object"].hex for row in rows]
        spoilt = bytearray(await asyncio.to_thread(paths[1].read_bytes))
        spoilt[PART // 2] ^= 1
        await asyncio.to_thread(paths[1].write_bytes, bytes(spoilt))
        url, got = f"{gateway.url}/v1/attachments/{file}/content", bytearray()
        async with gateway.http.get(url, headers=gateway.as_("maria-lopez")) as answer:
            with pytest.raises(aiohttp.ClientPayloadError):
                await collect(answer, got)
        assert content.startswith(bytes(got)), "nothing but good bytes"
        assert len(got) <= PART
        refused = await gateway.get(f"/v1/attachments/{file}/content", headers={"Range": "bytes=600000-600001"})
        assert (refused.status, refused.code) == (500, "attachment-spoilt")
        good = await gateway.get(f"/v1/attachments/{file}/content", headers={"Range": "bytes=1048576-"})
        assert good.body == content[2 * PART :]


async def collect(answer: aiohttp.ClientResponse, got: bytearray) -> None:
    async for piece in answer.content.iter_any():
        got += piece


async def test_more_files_at_once_than_fit_are_refused_at_once(opened: Opening) -> None:
    async with opened("directory", "messaging", most_files="1", part_seconds="5") as gateway:
        file, content, go = await begun(gateway, 1000), png(size=1000), asyncio.Event()

        async def waiting() -> AsyncIterator[bytes]:
            yield content[:500]
            await go.wait()
            yield content[500:]

        first = asyncio.create_task(put(gateway, file, 1, waiting()))
        await gateway.stack.until(lambda: under_way(gateway, 1))
        refused = await put(gateway, file, 1, content)
        assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "busy", "1")
        go.set()
        assert (await first).status == 200
