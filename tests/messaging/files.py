"""Files as phones make them, as short as they can be and padded to any size with bytes that do not compress."""

from __future__ import annotations

import random
import struct
import zlib

PART = 512 * 1024


def padded(beginning: bytes, size: int, seed: int = 0) -> bytes:
    """The beginning, and noise up to this size."""
    return beginning + random.Random(seed).randbytes(max(0, size - len(beginning)))  # noqa: S311 - noise


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 640, height: int = 480, size: int = 0, seed: int = 0) -> bytes:
    """A PNG that says it has so many pixels."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(100)))
    return padded(b"\x89PNG\r\n\x1a\n" + header + pixels + _chunk(b"IEND", b""), size, seed)


def jpeg(width: int = 640, height: int = 480, size: int = 0) -> bytes:
    """A JPEG likewise."""
    app0 = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    return padded(b"\xff\xd8" + app0 + frame + b"\xff\xd9", size)


def webp(width: int = 640, height: int = 480) -> bytes:
    """A WebP of the extended kind likewise."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x00\x00\x00\x00" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def heic(width: int = 640, height: int = 480, extents: int = 0) -> bytes:
    """An HEIC with one item of so many pixels, and others in so many times 65,535 pieces of no bytes each."""
    ispe = _box(b"ispe", bytes(4) + struct.pack(">II", width, height))
    ipma = _box(b"ipma", bytes(4) + struct.pack(">IHBB", 1, 1, 1, 1))
    iprp = _box(b"iprp", _box(b"ipco", ispe) + ipma)
    infe = _box(b"infe", b"\x02\x00\x00\x00" + struct.pack(">HH", 1, 0) + b"hvc1\x00")
    iinf = _box(b"iinf", bytes(4) + struct.pack(">H", 1) + infe)
    pieces = b"".join(struct.pack(">HHHH", item, 0, 0, 65_535) for item in range(extents))
    iloc = _box(b"iloc", b"\x01" + bytes(5) + struct.pack(">H", extents) + pieces) if extents else b""
    meta = _box(b"meta", bytes(4) + _box(b"pitm", bytes(4) + struct.pack(">H", 1)) + iinf + iloc + iprp)
    return _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic") + meta


def pdf(size: int = 0, seed: int = 0) -> bytes:
    """A PDF by its beginning."""
    return padded(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", size, seed)
