"""Put a receipt on paper: a PDF, the same bytes for the same words.

DejaVu Sans writes Latin, Greek, Cyrillic and more. A letter it has not is written by the plain letter it is made of,
where there is one, and as a question mark otherwise.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from reportlab.lib.pagesizes import LETTER
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from services.billing.model.receipt import TITLE, VOID

if TYPE_CHECKING:
    from services.billing.model.receipt import Receipt

FONT = "DejaVuSans"
FILE = Path(__file__).parent.parent / "fonts" / "DejaVuSans.ttf"
WIDTH, HEIGHT = LETTER
MARGIN = 54.0
RIGHT = WIDTH - MARGIN
CODE_AT = WIDTH - 190.0
VALUE_AT = MARGIN + 110.0
LEADING = 1.4

_one_at_a_time = Lock()
"""The library's fonts keep count of what each document uses, and are no place for two threads."""


def printed(receipt: Receipt) -> bytes:
    """The receipt as a PDF; takes tens of milliseconds, so not on the loop."""
    with _one_at_a_time:
        return _Paper(f"{TITLE} {receipt.facts[0][1]}").write(receipt)


@cache
def _font() -> Any:
    font = TTFont(FONT, str(FILE))
    pdfmetrics.registerFont(font)
    return font


def writable(text: str) -> str:
    """The text in letters that the font has, on one line."""
    return "".join(_letter(one) for one in unicodedata.normalize("NFC", text))


def _letter(one: str) -> str:
    has = _font().face.charToGlyph
    if unicodedata.category(one)[0] in "CZ":
        return " "
    if ord(one) in has:
        return one
    plain = "".join(part for part in unicodedata.normalize("NFKD", one) if not unicodedata.combining(part))
    return plain if plain and all(ord(part) in has for part in plain) else "?"


class _Paper:
    """Pages under the pen, written from top to bottom."""

    def __init__(self, title: str) -> None:
        _font()
        self._bytes = BytesIO()
        self._canvas = Canvas(self._bytes, pagesize=LETTER, invariant=1)
        self._canvas.setTitle(title)
        self._y = HEIGHT - MARGIN

    def write(self, receipt: Receipt) -> bytes:
        """The whole receipt."""
        for size, line in zip((16, 10, 10), receipt.practice, strict=True):
            self._wrapped(line, MARGIN, RIGHT, size)
        self._space(18)
        self._wrapped(TITLE, MARGIN, RIGHT, 14)
        if receipt.void is not None:
            self._wrapped(VOID, MARGIN, RIGHT, 36)
            self._wrapped(receipt.void, MARGIN, RIGHT, 10)
        self._space(8)
        for label, value in receipt.facts:
            self._row(10, (MARGIN, label), (VALUE_AT, value))
        self._space(14)
        self._row(10, (MARGIN, "Service"), (CODE_AT, "Code"), amount="Amount")
        self._rule()
        for item in receipt.items:
            self._row(10, (MARGIN, item.what), (CODE_AT, item.code), amount=item.amount)
        self._rule()
        self._row(11, (MARGIN, "Total charged"), amount=receipt.total)
        self._space(14)
        for note in receipt.notes:
            self._wrapped(note, MARGIN, RIGHT, 9)
        self._canvas.save()
        return self._bytes.getvalue()

    def _row(self, size: float, *columns: tuple[float, str], amount: str = "") -> None:
        """Columns beside one another, each as wide as there is room, and an amount at the right edge."""
        ends = [*(left - 8 for left, _ in columns[1:]), RIGHT - (80 if amount else 0)]
        cells = [
            (left, simpleSplit(writable(text), FONT, size, end - left))
            for (left, text), end in zip(columns, ends, strict=True)
        ]
        for number in range(max(len(lines) for _, lines in cells)):
            self._down(size)
            for left, lines in cells:
                if number < len(lines):
                    self._canvas.drawString(left, self._y, lines[number])
            if amount and not number:
                self._canvas.drawRightString(RIGHT, self._y, amount)

    def _wrapped(self, text: str, left: float, right: float, size: float) -> None:
        for line in simpleSplit(writable(text), FONT, size, right - left):
            self._down(size)
            self._canvas.drawString(left, self._y, line)

    def _rule(self) -> None:
        self._space(5)
        self._canvas.line(MARGIN, self._y, RIGHT, self._y)

    def _down(self, size: float) -> None:
        self._y -= size * LEADING
        if self._y < MARGIN:
            self._canvas.showPage()
            self._y = HEIGHT - MARGIN - size * LEADING
        self._canvas.setFont(FONT, size)

    def _space(self, points: float) -> None:
        self._y -= points
