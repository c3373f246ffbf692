"""What a file is by its own bytes: its type, and how many pixels its header says. No pixel is ever decoded."""

from __future__ import annotations

from io import BytesIO

import filetype
import imagesize

from services.messaging.model.attachments import ImageTooLarge, NotAsClaimed
from shared.requests.attachments import MediaType

SNIFFED = 8192
MOST_PIXELS = 120_000_000
"""Above what today's phones take; four bytes a pixel, it unpacks to less than half a gigabyte."""
LONGEST_SIDE = 65_535


def check_file(beginning: bytes, claimed: MediaType) -> None:
    """Raise NotAsClaimed or ImageTooLarge by the file's first part."""
    kind = filetype.guess(beginning[:SNIFFED])
    if kind is None or kind.mime != claimed:
        raise NotAsClaimed(field="media_type")
    if claimed is not MediaType.PDF:
        _check_pixels(beginning)


def _check_pixels(beginning: bytes) -> None:
    try:
        # How it is turned does not matter here, and a made-up HEIC says it in tables that are read for hours.
        width, height = imagesize.get(BytesIO(beginning), exif_rotation=False)
    except Exception:  # noqa: BLE001 - whatever a made-up header breaks in its reader, the file is refused
        raise ImageTooLarge from None
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE and width * height <= MOST_PIXELS):
        raise ImageTooLarge
