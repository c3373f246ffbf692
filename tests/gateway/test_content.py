"""Files at the door: their bytes bare in either direction, kept under a name that harms nobody."""

import msgspec
import pytest

from services.gateway.content import LONGEST_NAME, kept_as, safe_name, whole
from shared.requests.common import Content


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


def test_a_long_name_keeps_its_ending() -> None:
    assert safe_name("x" * 5000 + ".jpeg") == "x" * (LONGEST_NAME - 5) + ".jpeg"
    assert len(safe_name("x." + "y" * 5000)) == LONGEST_NAME
