"""Words are found in a thread by opening it under the caller's authority, a bounded number of messages at a time."""

from __future__ import annotations

import asyncio
import io
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from baton_events.codes import Party
from services.messaging.model.search import AROUND, fold, holds, snippet, wanted
from services.messaging.operations.post import post
from services.messaging.operations.search import AT_A_TIME, _hits
from services.messaging.store import threads as store
from shared.requests import conversation as talk
from shared.sealing import erase
from tests.messaging.test_at_once import letter
from tests.messaging.test_corrections import correct, refused, retract
from tests.messaging.test_threads import BEN, JONAS, MARIA, opened, send, treats

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.stack import Stack

LAST = "SELECT object, range FROM audit ORDER BY id DESC LIMIT 1"


async def found(s: Stack, thread: UUID, words: str, by: str = MARIA, before: int | None = None) -> talk.Hits:
    return await s.ask(talk.SEARCH, talk.Search(thread=thread, words=words, before=before), as_=by)


async def sequences(s: Stack, thread: UUID, words: str, by: str = MARIA) -> list[int]:
    return [hit.sequence for hit in (await found(s, thread, words, by)).hits]


async def fill(s: Stack, thread: UUID, count: int, text: str) -> None:
    """Let Ben write so many messages."""
    ground: Any = s.ground("messaging")
    one = await letter(s, ground, thread)
    for first in range(0, count, 100):
        many = range(first, min(count, first + 100))
        letters = [
            replace(one, call=replace(one.call, key=str(uuid4())), text=f"{text} {number}", message=uuid4())
            for number in many
        ]
        await post(ground.db, letters)


@pytest.mark.parametrize(
    ("text", "words", "there"),
    [
        ("My Rash is back", "rash", True),
        ("My rash is back", "RASH my", True),
        ("My rash is back", "rash gone", False),
        ("Ich nehme Ibuprofén für den Rücken", "ibuprofen RUCKEN", True),
        ("fievre et nausee", "Fièvre NAUSÉE", True),
        ("STRASSE", "straße", True),
        ("头痛三天了", "头痛", True),
        ("a\u0301" * 2000, "aaa", True),
    ],
)
def test_words_are_found_whatever_their_case_and_accents(text: str, words: str, there: bool) -> None:
    assert holds(text, wanted(words)) is there


@pytest.mark.parametrize("prefix", ["", "x" * 200, "İ" * 90, "ﬁ" * 90, "ß\u0301" * 90, "Σς" * 90])
def test_a_snippet_shows_what_stands_around_the_first_word(prefix: str) -> None:
    shown = snippet(f"{prefix} the Rücken\nhurts{' y' * 200}", wanted("hurts rucken"))
    assert "the Rücken hurts" in shown
    assert shown.startswith("…") == bool(prefix)
    assert shown.endswith("…")
    assert len(shown) <= 2 * AROUND + 10


def test_folding_takes_time_that_grows_with_the_length_only() -> None:
    began = time.process_time()
    fold("a" + "\u0316\u0301" * 100_000)
    assert time.process_time() - began < 2


async def test_search_finds_what_messages_say_now_and_goes_on_record_without_the_words(
    stack: Any, log: io.StringIO
) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        for text in ("the rash is back", "which one?", "the other Rash", "and a fever", "no more rash"):
            await send(s, thread, text, MARIA)
        page = await found(s, thread, "râsh", BEN)
        assert [(hit.sequence, hit.snippet, hit.party) for hit in page.hits] == [
            (5, "no more rash", Party.PATIENT),
            (3, "the other Rash", Party.PATIENT),
            (1, "the rash is back", Party.PATIENT),
        ]
        assert page.before is None
        [seen] = await s.fetch("messaging", LAST)
        assert dict(seen) == {"object": thread, "range": "searched messages 1-5"}
        await correct(s, page.hits[0].message, "no more itching")
        await retract(s, page.hits[1].message)
        assert await sequences(s, thread, "rash") == [1]
        assert await sequences(s, thread, "ITCHING") == [5]
        assert "sh" not in {row["range"] for row in await s.fetch("messaging", "SELECT range FROM audit")}
        assert "rash" not in log.getvalue()
        for words in (" ", "\u0301", "x" * 301):
            assert (await refused(found(s, thread, words))).code == "invalid"
        for other in (thread, uuid4()):
            assert (await refused(found(s, other, "rash", JONAS))).code == "no-such-thread"
        await erase(s.ground("messaging").sealing, s.person(MARIA), s.clock())
        assert (await refused(found(s, thread, "rash"))).status == 404


async def test_a_long_thread_is_searched_to_its_beginning_by_the_cursor(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        await send(s, thread, "the needle", MARIA)
        await fill(s, thread, 2 * AT_A_TIME + 50, "hay")
        pages = [await found(s, thread, "needle")]
        while pages[-1].before is not None:
            pages.append(await found(s, thread, "needle", before=pages[-1].before))
        assert [len(page.hits) for page in pages] == [0, 0, 1]
        assert [page.before for page in pages] == [AT_A_TIME + 52, 52, None]
        assert len((await found(s, thread, "hay")).hits) == AT_A_TIME


async def test_while_four_hundred_messages_are_opened_others_have_their_turn(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        await fill(s, thread, AT_A_TIME, "é" * 3990)
        ground: Any = s.ground("messaging")
        keys = await ground.sealing.keys(s.person(MARIA), thread)
        async with ground.db.reading() as tx:
            rows = await store.page(tx, thread, 2**62, AT_A_TIME)
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(others())
        assert await _hits(keys, rows, ["none"]) == []
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
        assert turns >= AT_A_TIME * 8000 // (32 * 1024)
