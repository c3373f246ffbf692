from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from baton_events.codes import VisitKind
from services.booking.model.refusals import OfferAltered, OfferLapsed
from services.booking.model.tokens import (
    Held,
    appointment_id,
    check_lapse,
    offer_key,
    relationship_id,
    sign,
    verify,
)

KEY = offer_key(b"a secret of the practice")
NOW = datetime(2026, 12, 1, 18, tzinfo=UTC)
OFFER = Held(
    offer_set=uuid4(),
    patient=uuid4(),
    clinician=uuid4(),
    office=uuid4(),
    kind=VisitKind.VIDEO,
    start=NOW + timedelta(hours=1),
    minutes=20,
    price_cents=9900,
    lapses_at=NOW + timedelta(minutes=10),
)


def test_an_offer_comes_back_as_it_was_made() -> None:
    assert verify(KEY, sign(KEY, OFFER)) == OFFER


def test_an_offer_fits_into_a_line() -> None:
    text = sign(KEY, OFFER)
    assert len(text) < 200
    assert text.replace("-", "").replace("_", "").isalnum()


def test_no_byte_of_an_offer_can_be_altered() -> None:
    text = sign(KEY, OFFER)
    signed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for place in range(len(signed)):
        altered = bytes((*signed[:place], signed[place] ^ 1, *signed[place + 1 :]))
        with pytest.raises(OfferAltered):
            verify(KEY, base64.urlsafe_b64encode(altered).decode().rstrip("="))


@pytest.mark.parametrize("text", ["", "A", "AAAA", "not an offer", "\u00fcber", "=" * 10, "A" * 5000])
def test_what_is_no_offer_is_refused(text: str) -> None:
    with pytest.raises(OfferAltered):
        verify(KEY, text)


def test_an_offer_signed_with_another_secret_is_refused() -> None:
    with pytest.raises(OfferAltered):
        verify(KEY, sign(offer_key(b"another"), OFFER))


def test_an_offer_lapses_at_its_time() -> None:
    check_lapse(OFFER, OFFER.lapses_at - timedelta(seconds=1))
    with pytest.raises(OfferLapsed):
        check_lapse(OFFER, OFFER.lapses_at)


def test_ids_are_the_same_for_the_same_request_and_differ_for_another() -> None:
    text = sign(KEY, OFFER)
    one = appointment_id(KEY, "maria", "key", text)
    assert one == appointment_id(KEY, "maria", "key", text)
    others = {
        appointment_id(KEY, "jonas", "key", text),
        appointment_id(KEY, "maria", "other", text),
        appointment_id(KEY, "maria", "key", text + "x"),
        relationship_id(KEY, one),
    }
    assert len(others | {one}) == 5
    assert one.version == 4
