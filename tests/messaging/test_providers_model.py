"""In which order providers are offered, and how soon they are said to answer."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.messaging.model.consults import age_on
from services.messaging.model.providers import Candidate, best, reply_minutes, why
from shared.requests.directory import ClinicianCard


def minutes(*waited: float) -> list[timedelta]:
    return [timedelta(minutes=one) for one in waited]


@pytest.mark.parametrize(
    ("waited", "shown"),
    [
        ((), None),
        ((5, 5), None),
        ((0, 0, 0), 5),
        ((5, 5, 5), 5),
        ((5, 5, 5.01), 10),
        ((1, 2, 3, 4, 1000), 5),
        ((1, 2, 3, 1000), 1000),
        (tuple(range(1, 21)), 20),
        ((60, 61, 62, 63, 64, 65), 65),
    ],
)
def test_four_of_five_were_answered_within_the_time_shown(waited: tuple[float, ...], shown: int | None) -> None:
    assert reply_minutes(minutes(*waited)) == shown
    assert reply_minutes(minutes(*reversed(waited))) == shown
    if shown is not None:
        kept = sum(one <= timedelta(minutes=shown) for one in minutes(*waited))
        assert kept * 5 >= len(waited) * 4


def candidate(number: int, price: int, *waited: float, own: bool = False) -> Candidate:
    card = ClinicianCard(
        clinician=UUID(int=number),
        name=f"{number:02}",
        credential="MD",
        specialty="",
        licensed_in=[],
        hours=[],
        video=False,
    )
    return Candidate(card=card, price_cents=price, own=own, waits=minutes(*waited))


def test_their_own_clinician_comes_first_then_the_lowest_price_then_the_soonest_answer() -> None:
    own = candidate(9, 5000, own=True)
    cheap, slow, quick = candidate(1, 3000), candidate(2, 4000, 500, 500, 500), candidate(3, 4000, 30, 30, 30)
    assert best([slow, quick, cheap, own]) == [own, cheap, quick, slow]
    assert len(best(candidate(number, 1) for number in range(40))) == 12
    assert why(quick) == "Answers four in five requests within 30 minutes."
    assert why(candidate(4, 1, 1500, 1500, 1500)) == "Answers four in five requests within 1 day and 1 hour."
    assert why(own).startswith("Your own clinician. Answers within 4 hours")


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 5, 2), date(2026, 5, 1), 17),
        (date(2008, 5, 2), date(2026, 5, 2), 18),
    ],
)
def test_somebody_is_a_year_older_on_their_birthday(born: date, day: date, age: int) -> None:
    assert age_on(day, born) == age
