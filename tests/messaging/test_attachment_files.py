"""What a file is, by its own bytes: types that are not taken, types that lie, pictures too large to show."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING

import pytest

from services.messaging.model.attachments import (
    ImageTooLarge,
    NotAsClaimed,
    RangeNotSatisfiable,
    bytes_asked,
    part_length,
    parts_of,
)
from services.messaging.model.files import check_file
from shared.requests.attachments import LARGEST_FILE, MOST_PARTS, PART_BYTES, MediaType
from tests.messaging.files import heic, jpeg, padded, pdf, png, webp

if TYPE_CHECKING:
    from collections.abc import Callable

PICTURES = {MediaType.PNG: png, MediaType.JPEG: jpeg, MediaType.WEBP: webp, MediaType.HEIC: heic}
OTHERS = {
    "nothing": b"",
    "words": b"hello, this is my rash",
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing that runs scripts": b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
    "a program": b"MZ\x90\x00" + bytes(100),
    "another program": b"\x7fELF" + bytes(100),
    "an archive": b"PK\x03\x04" + bytes(100),
    "a film": b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42",
    "a moving picture": b"GIF89a" + bytes(100),
    "a beginning of noise": padded(b"", 1000),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_is_taken_as_what_it_is_and_as_nothing_else(kind: MediaType) -> None:
    content = PICTURES[kind]()
    check_file(content, kind)
    for other in MediaType:
        if other is not kind:
            with pytest.raises(NotAsClaimed):
                check_file(content, other)


def test_a_document_is_taken() -> None:
    check_file(pdf(2000), MediaType.PDF)


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_what_is_none_of_the_types_is_taken_as_none_of_them(content: bytes) -> None:
    for claimed in MediaType:
        with pytest.raises(NotAsClaimed):
            check_file(content, claimed)


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_that_unpacks_to_gigabytes_is_refused_by_its_header(kind: MediaType) -> None:
    make: Callable[[int, int], bytes] = PICTURES[kind]
    with pytest.raises(ImageTooLarge):
        check_file(make(16_000, 16_000), kind)


@pytest.mark.parametrize("make", [png, jpeg, heic])
def test_a_picture_without_a_pixel_is_refused(make: Callable[[int, int], bytes]) -> None:
    kind = next(kind for kind, maker in PICTURES.items() if maker is make)
    for size in ((0, 10), (10, 0)):
        with pytest.raises(ImageTooLarge):
            check_file(make(*size), kind)


def test_a_picture_of_a_phone_with_many_pixels_is_taken() -> None:
    check_file(jpeg(12_000, 9_000), MediaType.JPEG)


def test_a_png_whose_sides_overflow_is_refused() -> None:
    for width, height in ((2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (1, 2**32 - 1)):
        with pytest.raises(ImageTooLarge):
            check_file(png(width, height), MediaType.PNG)


@pytest.mark.parametrize("make", [png, jpeg, webp, heic])
def test_a_picture_cut_anywhere_is_refused_or_taken_and_never_breaks_the_reader(make: Callable[[], bytes]) -> None:
    whole = make()
    for length in range(len(whole)):
        try:
            check_file(whole[:length], next(kind for kind, maker in PICTURES.items() if maker is make))
        except (NotAsClaimed, ImageTooLarge):
            continue


def test_words_beside_the_pixels_are_not_unpacked() -> None:
    bomb = b"zTXtComment\0\0" + zlib.compress(bytes(50_000_000), 9)
    content = png()
    check_file(content[:33] + len(bomb[4:]).to_bytes(4, "big") + bomb + bytes(4) + content[33:], MediaType.PNG)


def test_a_picture_said_to_lie_in_billions_of_pieces_costs_no_time() -> None:
    began = time.process_time()
    check_file(heic(extents=60_000), MediaType.HEIC)
    assert time.process_time() - began < 1.0


def test_a_file_falls_into_parts_that_add_up() -> None:
    for size in (1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, LARGEST_FILE - 1, LARGEST_FILE):
        lengths = [part_length(size, part) for part in range(1, parts_of(size) + 1)]
        assert sum(lengths) == size
        assert all(0 < length <= PART_BYTES for length in lengths)
    assert parts_of(LARGEST_FILE) == MOST_PARTS


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, (0, 999)),
        ("bytes=0-", (0, 999)),
        ("bytes=0-0", (0, 0)),
        ("bytes=10-19", (10, 19)),
        ("bytes=990-2000", (990, 999)),
        ("bytes=-1", (999, 999)),
        ("bytes=-5000", (0, 999)),
        ("bytes=999-", (999, 999)),
        # What is no single range is as if not given.
        ("bytes=", (0, 999)),
        ("bytes=-", (0, 999)),
        ("bytes=5-2", (0, 999)),
        ("bytes=0-1,5-6", (0, 999)),
        ("items=0-1", (0, 999)),
        ("bytes=a-b", (0, 999)),
        ("bytes=\u0660-\u0665", (0, 999)),
        ("bytes=0-" + "9" * 100, (0, 999)),
    ],
)
def test_a_range_is_read_as_http_says(header: str | None, found: tuple[int, int]) -> None:
    assert bytes_asked(header, 1000) == found


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=99999-"])
def test_a_range_beyond_the_end_cannot_be_given(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as refused:
        bytes_asked(header, 1000)
    assert refused.value.members == {"size": 1000}
