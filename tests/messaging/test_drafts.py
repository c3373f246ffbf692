"""A draft follows its author from device to device, is overwritten by none of them unseen, and is theirs alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from services.messaging.model.drafts import MOST_DRAFTS
from shared.errors import Refusal
from shared.requests import drafts as begun
from shared.requests import messaging as ask
from shared.sealing import erase
from tests.messaging.test_corrections import refused
from tests.messaging.test_threads import AMARA, BEN, JONAS, MARIA, SECRET, opened, send, treats

if TYPE_CHECKING:
    from tests.support.stack import Stack

CONDITION = "hair-loss"


async def save(s: Stack, text: str, by: str = MARIA, key: str = "", **place: Any) -> begun.DraftSaved:
    return await s.ask(begun.SAVE_DRAFT, begun.SaveDraft(text=text, **place), as_=by, key=key)


async def listed(s: Stack, by: str = MARIA, **more: Any) -> list[begun.Draft]:
    return (await s.ask(begun.DRAFTS, begun.AskDrafts(**more), as_=by)).drafts


async def test_a_draft_follows_its_author_and_a_stale_device_does_not_overwrite_it(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        first = await save(s, "I wanted", thread=thread, key="phone")
        assert await save(s, "I wanted", thread=thread, key="phone") == first
        second = await save(s, "I wanted to ask", thread=thread, version=first.version)
        assert second.draft == first.draft
        assert second.version > first.version
        for stale in (0, first.version):
            answer = await refused(save(s, "I wan", thread=thread, version=stale))
            assert (answer.status, answer.code, answer.members) == (409, "draft-moved-on", {"version": second.version})
        [shown] = await listed(s)
        assert (shown.text, shown.version, shown.thread, shown.condition) == (
            "I wanted to ask",
            second.version,
            thread,
            None,
        )
        both = [save(s, text, thread=thread, version=second.version) for text in ("on the phone", "on the laptop")]
        ended = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(one).__name__ for one in ended) == ["DraftMovedOn", "DraftSaved"]


async def test_a_version_never_comes_back_when_a_draft_is_begun_again(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        old = await save(s, "on the phone", thread=thread)
        await s.ask(begun.DISCARD_DRAFT, begun.DiscardDraft(draft=old.draft), as_=MARIA)
        gone = await refused(save(s, "still on the phone", thread=thread, version=old.version))
        assert gone.members == {"version": 0}
        new = await save(s, "on the laptop", thread=thread)
        assert new.draft == old.draft
        late = await refused(save(s, "still on the phone", thread=thread, version=old.version))
        assert late.members == {"version": new.version}
        assert [one.text for one in await listed(s)] == ["on the laptop"]


async def test_a_draft_goes_as_its_message_comes_but_not_a_newer_one(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread, other = await opened(s), await opened(s)
        draft = await save(s, "hello", thread=thread)
        kept = await save(s, "not this one", thread=other)
        of_ben = await save(s, "his own", BEN, thread=thread)
        newer = await save(s, "hello, and more", thread=thread, version=draft.version)
        await send(s, thread, "hello", MARIA, draft=draft.draft, draft_version=draft.version)
        assert [one.version for one in await listed(s)] == [newer.version, kept.version]
        sent = ask.Send(thread=thread, text="hello, and more", draft=draft.draft, draft_version=newer.version)
        done = await s.ask(ask.SEND, sent, as_=MARIA, key="once")
        assert await s.ask(ask.SEND, sent, as_=MARIA, key="once") == done
        assert [one.draft for one in await listed(s)] == [kept.draft]
        await send(s, thread, "nothing there", MARIA, draft=of_ben.draft)
        await send(s, thread, "never was", MARIA, draft=uuid4())
        assert [one.text for one in await listed(s, BEN)] == ["his own"]


async def test_a_message_that_is_refused_leaves_its_draft(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        draft = await save(s, "one more thing", thread=thread)
        await s.ask(ask.CLOSE_THREAD, ask.OfThread(thread=thread), as_=BEN)
        assert (await refused(send(s, thread, "one more thing", MARIA, draft=draft.draft))).code == "thread-closed"
        assert [one.text for one in await listed(s)] == ["one more thing"]


async def test_a_draft_is_readable_by_its_author_alone(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        hers = await save(s, SECRET, thread=thread)
        await save(s, "an answer", BEN, thread=thread)
        assert [one.text for one in await listed(s, BEN)] == ["an answer"]
        assert [one.text for one in await listed(s)] == [SECRET]
        for who in (BEN, JONAS):
            throw = begun.DiscardDraft(draft=hers.draft)
            assert (await refused(s.ask(begun.DISCARD_DRAFT, throw, as_=who))).code == "no-such-draft"
        for place in (thread, uuid4()):
            assert (await refused(save(s, "x", JONAS, thread=place))).code == "no-such-thread"
        assert (await refused(save(s, "x", JONAS, patient=s.person(MARIA), condition=CONDITION))).status == 404
        audited = await s.fetch("messaging", "SELECT DISTINCT action, range FROM audit WHERE range LIKE '%draft%'")
        assert {(row["action"], row["range"]) for row in audited} == {("write", "draft"), ("read", "1 drafts")}


async def test_a_draft_closes_to_staff_with_the_record(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        await treats(s, AMARA, JONAS)
        thread = await opened(s)
        await save(s, "about Maria", BEN, thread=thread)
        await save(s, "her intake", BEN, patient=s.person(MARIA), condition=CONDITION)
        assert len(await listed(s, BEN)) == 2
        await s.as_owner("directory", "UPDATE relationship SET ended_at = now() - interval '1 second'")
        assert await listed(s, BEN) == []


async def test_where_a_draft_was_begun_is_sealed_with_it(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        samira = s.person("samira-khan")
        made = await save(s, '{"since": "spring"}', "aisha-khan", patient=samira, condition=CONDITION)
        other = await save(s, "{}", "aisha-khan", patient=samira, condition="acne")
        own = await save(s, "{}", "samira-khan", patient=samira, condition=CONDITION)
        assert len({made.draft, other.draft, own.draft}) == 3
        shown = {one.condition: one for one in await listed(s, "aisha-khan")}
        assert (shown[CONDITION].patient, shown[CONDITION].text) == (samira, '{"since": "spring"}')
        row = (await s.fetch("messaging", "SELECT d::text AS plain FROM draft d"))[0]["plain"]
        assert CONDITION not in row
        assert CONDITION.encode().hex() not in row


async def test_drafts_are_bounded_and_read_by_the_page(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        maria = s.person(MARIA)
        saves = [save(s, "\n" * 16 * 1024, patient=maria, condition=f"c-{number}") for number in range(MOST_DRAFTS + 3)]
        ended = await asyncio.gather(*saves, return_exceptions=True)
        assert sum(isinstance(one, begun.DraftSaved) for one in ended) == MOST_DRAFTS
        assert {one.code for one in ended if isinstance(one, Refusal)} == {"too-many-drafts"}
        seen, before = [], None
        while True:
            page = await s.ask(begun.DRAFTS, begun.AskDrafts(before=before), as_=MARIA)
            seen += [one.version for one in page.drafts]
            before = page.before
            if before is None:
                break
        assert len(seen) == MOST_DRAFTS
        assert seen == sorted(seen, reverse=True)
        assert (await refused(save(s, "é" * 9000, patient=maria, condition="long"))).code == "draft-too-long"


async def test_a_draft_has_one_place(stack: Any) -> None:
    misplaced: dict[str, tuple[dict[str, Any], str]] = {
        "nowhere": ({}, "patient"),
        "about nothing": ({"patient": uuid4()}, "condition"),
        "about nobody": ({"condition": CONDITION}, "patient"),
        "in two places": ({"thread": uuid4(), "condition": CONDITION}, "thread"),
    }
    async with stack("directory", "messaging") as s:
        for name, (place, field) in misplaced.items():
            answer = await refused(save(s, "x", **place))
            assert (answer.code, answer.members["field"]) == ("invalid", field), name


async def test_an_erased_patients_drafts_are_gone(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        saved = await save(s, SECRET, thread=thread)
        await erase(s.ground("messaging").sealing, s.person(MARIA), s.clock())
        assert await listed(s) == []
        assert (await refused(save(s, "x", thread=thread, version=saved.version))).status == 404
