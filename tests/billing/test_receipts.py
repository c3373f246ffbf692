from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio
from pypdf import PdfReader

from baton_events.codes import VoidReason
from services.billing.model.bill import ChargeRow, Particulars
from services.billing.model.receipt import written
from services.billing.operations.paper import printed, writable
from shared.requests.billing import RECEIPT, VOID_CHARGE, Line, OfCharge, VoidCharge
from tests.billing.prices import CANARY, charged
from tests.support.stack import stack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.stack import Stack

LATE_IN_DENVER = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
CHARGE = ChargeRow(
    id=UUID("c4a46e00-0000-4000-8000-000000000001"),
    quote=uuid4(),
    patient=uuid4(),
    cents=123_456,
    provider=uuid4(),
    particulars=b"",
    served_at=LATE_IN_DENVER,
    recorded_at=LATE_IN_DENVER,
)
NAMED = Particulars(
    practice="Baton Sample Practice",
    address="1600 Champa Street, Denver, CO 80202",
    phone="+1 303 555 0102",
    patient="Zoë Müller-Łuk",
    provider="Chen Liu",
    credential="NP",
    time_zone="America/Denver",
)
LINES = [Line(what="Visit with a clinician, by video", cents=120_000, code="99213"), Line(what="Swab", cents=3_456)]


def words(pdf: bytes) -> str:
    """The text of a PDF, read back by another library."""
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def paper(charge: ChargeRow = CHARGE, lines: list[Line] | None = None, **named: str) -> bytes:
    """A receipt in print."""
    return printed(written(charge, lines or LINES, msgspec.structs.replace(NAMED, **named)))


def test_a_receipt_says_all_that_an_fsa_asks_for() -> None:
    text = words(paper())
    for said in (
        *(NAMED.practice, NAMED.address, NAMED.phone, "Itemised receipt", "c4a46e00-0000-4000-8000-000000000001"),
        *("Zoë Müller-Łuk", "Chen Liu, NP", "Date of service", "November 21, 2026"),
        *("Visit with a clinician, by video", "99213", "$1,200.00", "Swab", "$34.56", "Total charged", "$1,234.56"),
        "Payment is not collected through this system.",
    ):
        assert said in text, said
    assert "VOID" not in text


def test_a_charge_below_the_price_locked_says_by_how_much() -> None:
    text = words(paper(replace(CHARGE, cents=100_000)))
    for said in ("$1,200.00", "$34.56", "Reduced since the visit was booked", "-$234.56", "$1,000.00"):
        assert said in text, said


def test_a_charge_given_up_is_marked_void_and_owes_nothing() -> None:
    voided = replace(CHARGE, voided_at=LATE_IN_DENVER, void_reason=VoidReason.ROUTED_ELSEWHERE)
    text = words(paper(voided))
    assert "VOID" in text
    assert "Voided on November 21, 2026: care was given elsewhere. Nothing is owed: $0.00." in text


def test_the_same_charge_is_the_same_paper_to_the_byte() -> None:
    assert paper() == paper()
    assert paper(patient="Łukasz Żółć") != paper()


@pytest.mark.parametrize(
    "name",
    [
        "Nguyễn Thị Ánh",
        "Łukasz Żółć",
        "Ødegård",
        "İbrahim Şahin",
        "Ελένη",
        "Наталія",
        "D\u2019Angelo-O'Neil",
        "Ħal Għaxaq",
    ],
)
def test_names_are_written_as_they_are(name: str) -> None:
    assert name in words(paper(patient=name))


@pytest.mark.parametrize(
    "name", ["李小龍", "かな", "😀 Smiley", "\u202eevil\u0000", "\U0001d4dcaria", "a\nb\tc", "", "\u13a0\u13c2" * 150]
)
def test_no_name_keeps_a_receipt_from_being_written(name: str) -> None:
    assert "Total charged" in words(paper(patient=name))


def test_a_letter_the_font_lacks_is_written_plainly_or_asked_about() -> None:
    assert writable("\U0001d4dcaria 李") == "Maria ?"
    assert writable("e\u0301") == "é"


def test_the_longest_receipt_stays_small() -> None:
    lines = [Line(what="WÄĞ" * 100, cents=10_000_000, code="a" * 64)] * 20
    pdf = paper(lines=lines, patient="Ñ" * 300, practice="P" * 300, address="A" * 300)
    assert len(pdf) < 100_000
    assert words(pdf).count("$100,000.00") == 20
    assert len(PdfReader(BytesIO(pdf)).pages) < 12


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def s() -> AsyncIterator[Stack]:
    async with stack("directory", "booking", "billing") as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
async def test_the_patient_downloads_it_and_it_stays_the_same(s: Stack) -> None:
    charge = await charged(s)
    file = await s.ask(RECEIPT, OfCharge(charge=charge), as_="maria-lopez")
    assert (file.media_type, file.name) == ("application/pdf", f"receipt-{charge}.pdf")
    text = words(file.body)
    for said in (str(charge), "Maria Lopez", "Amara Okafor, MD", "Baton Sample Practice", CANARY, "99421", "$59.50"):
        assert said in text, said
    await s.as_owner("directory", "UPDATE patient SET name = 'Maria Changed'; UPDATE staff SET name = 'Dr. Changed'")
    several = await asyncio.gather(*(s.ask(RECEIPT, OfCharge(charge=charge), as_="maria-lopez") for _ in range(8)))
    assert {one.body for one in several} == {file.body}
    await s.ask(VOID_CHARGE, VoidCharge(charge=charge, reason=VoidReason.ERROR), as_="sam-porter")
    assert "VOID" in words((await s.ask(RECEIPT, OfCharge(charge=charge), as_="maria-lopez")).body)
