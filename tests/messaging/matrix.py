"""Who may ask what of messaging: for every operation and thing, those it opens to; it is hidden from everybody else.

Whoever's role an operation does not name is refused as such; `forbids` lists others who are. Whatever is asked is of
Maria's. The letters are those of `PEOPLE`. A list that is the caller's own opens to everybody of its roles, and so does
the log of contacts: whoever picks up the phone writes down what was said, and of staff only those who treat her read
more of it than they wrote themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baton_events.codes import ContactChannel, ThreadKind
from shared.requests import attachments, common, consults, conversation, corrections, custody, drafts, people
from shared.requests import messaging as threads
from tests.messaging import consulting, uploading
from tests.messaging.files import png

if TYPE_CHECKING:
    from uuid import UUID

    from shared.requests import Ask, Operation
    from tests.support.stack import Stack

PEOPLE = {
    "P": "maria-lopez",
    "X": "aisha-khan",
    "O": "jonas-weber",
    "T": "amara-okafor",
    "A": "ben-whitfield",
    "C": "chen-liu",
    "N": "grace-kim",
    "R": "noor-haddad",
    "S": "sam-porter",
    "F": "fern-dale",
    "H": "priya-nair",
    "L": "luis-ortega",
    "G": "olive-park",
    "V": "petra-voss",
}
"""The patient, their proxy and another patient; the clinician who treats them, the one assigned to their consult, and
one who never met them; a nurse of the care team and one of a room team; support, the front desk, a pharmacist, a lab
tech, ops and the privacy officer."""

MARIA, AMARA, BEN, GRACE, SAM = PEOPLE["P"], PEOPLE["T"], PEOPLE["A"], PEOPLE["N"], PEOPLE["S"]

GRANTED = "INSERT INTO proxy (patient, proxy) VALUES ('{patient}', '{proxy}')"

Build = Callable[["Things"], "Awaitable[Ask]"]


@dataclass
class Things:
    """What is Maria's, made anew where a change of it is asked for."""

    s: Stack

    @property
    def maria(self) -> UUID:
        """Her id."""
        return self.s.person(MARIA)

    @classmethod
    async def of(cls, s: Stack) -> Things:
        """Grant her proxy, and have her treated by message, so that the clinician assigned to it treats her."""
        await s.as_owner("directory", GRANTED.format(patient=s.person(MARIA), proxy=s.person(PEOPLE["X"])))
        made = cls(s)
        await made.consult()
        return made

    async def thread(self, kind: ThreadKind = ThreadKind.CARE, wrote: str = "") -> UUID:
        """A thread; somebody wrote into it last."""
        opened = await self.s.ask(threads.OPEN_THREAD, threads.OpenThread(patient=self.maria, kind=kind), as_=MARIA)
        if wrote:
            await self.s.ask(threads.SEND, threads.Send(thread=opened.thread, text="a word"), as_=wrote)
        return opened.thread

    async def settled(self) -> UUID:
        """A thread in which no answer is owed."""
        return await self.thread(wrote=AMARA)

    async def waiting(self) -> UUID:
        """A thread in which the care team owes an answer."""
        return await self.thread(wrote=MARIA)

    async def question(self) -> UUID:
        """A support thread with an open question that nobody has claimed."""
        return await self.thread(ThreadKind.SUPPORT, wrote=MARIA)

    async def claimed(self) -> UUID:
        """A support thread that support has claimed."""
        thread = await self.question()
        await self.s.ask(custody.CLAIM, threads.OfThread(thread=thread), as_=SAM)
        return thread

    async def consult(self) -> tuple[UUID, UUID]:
        """A consult with its thread, whose clinician gave a plan and owes nothing."""
        begun = await consulting.begun(self.s, BEN, MARIA)
        await consulting.plan(self.s, begun.consult)
        assert begun.thread
        return begun.consult, begun.thread

    async def request(self) -> UUID:
        """A request for a person of support."""
        context = people.Doing(place="billing-charges")
        wanted = people.RequestPerson(patient=self.maria, about=people.About.SERVICE, context=context)
        asked = await self.s.ask(people.REQUEST_PERSON, wanted, as_=MARIA)
        return asked.request

    async def message(self) -> UUID:
        """A message of hers in a thread that was settled since."""
        thread = await self.waiting()
        page = await self.s.ask(threads.MESSAGES, threads.ReadMessages(thread=thread), as_=MARIA)
        await self.s.ask(threads.SEND, threads.Send(thread=thread, text="of course"), as_=AMARA)
        return page.messages[0].message

    async def upload(self) -> UUID:
        """A file of hers that is on its way into a settled thread."""
        return await uploading.begun(self.s, MARIA, len(png()), thread=await self.settled())

    async def file(self) -> UUID:
        """A file that stands in a settled thread."""
        thread = await self.settled()
        file = await uploading.uploaded(self.s, MARIA, thread=thread)
        await self.s.ask(threads.SEND, threads.Send(thread=thread, text="look", attachments=[file]), as_=MARIA)
        await self.s.ask(threads.REPLY_NOT_NEEDED, threads.OfThread(thread=thread), as_=AMARA)
        return file

    async def draft(self) -> UUID:
        """A draft of hers."""
        saved = drafts.SaveDraft(thread=await self.settled(), text="not yet")
        return (await self.s.ask(drafts.SAVE_DRAFT, saved, as_=MARIA)).draft


@dataclass(frozen=True)
class Row:
    """What is asked of which thing, who is let in, and whom the operation forbids it though their role may ask."""

    operation: Operation[Any, Any]
    thing: str
    ask: Build
    lets: str
    forbids: str = ""

    @property
    def name(self) -> str:
        """How a failed test names it."""
        return f"{self.operation.name} of {self.thing}"


def _of_thread(operation: Operation[Any, Any], lets: dict[str, str], forbids: str = "", **more: Any) -> list[Row]:
    """The operation asked of each kind of thread: settled, waiting, question, claimed."""

    def build(thing: str) -> Build:
        async def made(things: Things) -> Ask:
            ask: Ask = operation.takes(thread=await getattr(things, thing)(), **more)
            return ask

        return made

    return [Row(operation, thing, build(thing), to, forbids) for thing, to in lets.items()]


def _of_consult(operation: Operation[Any, Any], lets: str, **more: Any) -> Row:
    async def made(things: Things) -> Ask:
        ask: Ask = operation.takes(consult=(await things.consult())[0], **more)
        return ask

    return Row(operation, "consult", made, lets)


def _in_consult(operation: Operation[Any, Any], lets: str, forbids: str = "", **more: Any) -> Row:
    async def made(things: Things) -> Ask:
        ask: Ask = operation.takes(thread=(await things.consult())[1], **more)
        return ask

    return Row(operation, "consult's thread", made, lets, forbids)


def _of(operation: Operation[Any, Any], thing: str, field: str, lets: str, forbids: str = "", **more: Any) -> Row:
    async def made(things: Things) -> Ask:
        ask: Ask = operation.takes(**{field: await getattr(things, thing)()}, **more)
        return ask

    return Row(operation, thing, made, lets, forbids)


def _of_maria(operation: Operation[Any, Any], lets: str, forbids: str = "", **more: Any) -> Row:
    async def made(things: Things) -> Ask:
        ask: Ask = operation.takes(patient=things.maria, **more)
        return ask

    return Row(operation, "her", made, lets, forbids)


def _own(operation: Operation[Any, Any], lets: str) -> Row:
    """What is asked of nobody in particular and gives what is the caller's own."""

    async def made(_: Things) -> Ask:
        ask: Ask = operation.takes()
        return ask

    return Row(operation, "their own", made, lets)


READERS = {"settled": "PXTA", "waiting": "PXTACN", "question": "PXTA", "claimed": "PXTAS"}
SEERS = {"settled": "TA", "waiting": "TACN", "question": "TA", "claimed": "TAS"}
CONTACT = {"channel": ContactChannel.PHONE, "origin": "patient", "words": "asked for a letter", "answered": True}

ROWS: tuple[Row, ...] = (
    *_of_thread(threads.SEND, READERS, text="hello"),
    *_of_thread(threads.MESSAGES, READERS),
    *_of_thread(threads.MARK_READ, READERS, sequence=1),
    *_of_thread(custody.CUSTODY, READERS),
    *_of_thread(conversation.WRITING, READERS),
    *_of_thread(conversation.SEARCH, READERS, words="word"),
    *_of_thread(drafts.SAVE_DRAFT, READERS, text="not yet"),
    *_of_thread(attachments.BEGIN, READERS, name="a.png", media_type=attachments.MediaType.PNG, size=100),
    *_of_thread(threads.REPLY_NOT_NEEDED, SEERS),
    *_of_thread(threads.CLOSE_THREAD, SEERS),
    *_of_thread(custody.RELEASE, SEERS),
    *_of_thread(custody.HAND_OVER, SEERS, to_team="clinicians-on-call", reason="the end of the shift"),
    *_of_thread(custody.CLAIM, {"settled": "TA", "waiting": "TACN", "question": "S", "claimed": "S"}),
    *_of_thread(threads.ERASE_THREAD, {"settled": "V"}),
    _in_consult(threads.SEND, "PXTA", text="hello"),
    _in_consult(threads.MESSAGES, "PXTA"),
    _in_consult(threads.CLOSE_THREAD, "TA"),
    _in_consult(custody.CLAIM, "TA"),
    _of_maria(threads.OPEN_THREAD, "PXTA"),
    _of_maria(threads.THREADS, "PXTA"),
    _of_maria(threads.LAST_CONTACTS, "PXTA"),
    _own(threads.FOLLOW_UPS, "TAC"),
    _own(custody.INBOX, "TACNRS"),
    _of(corrections.CORRECT, "message", "message", "P", "XTA", revision=0, text="better"),
    _of(corrections.RETRACT, "message", "message", "P", "XTA"),
    _of(corrections.REVISIONS, "message", "message", "PXTA"),
    _own(drafts.DRAFTS, "PXOTACNRS"),
    _of(drafts.DISCARD_DRAFT, "draft", "draft", "P"),
    _of(attachments.PUT_PART, "upload", "attachment", "P", part=1, body=png()),
    _of(attachments.FINISH, "upload", "attachment", "P"),
    _of(attachments.ABANDON, "upload", "attachment", "P"),
    _of(attachments.ATTACHMENT, "upload", "attachment", "P"),
    _of(attachments.ATTACHMENT, "file", "attachment", "PXTA"),
    _of(attachments.CONTENT, "file", "attachment", "PXTA"),
    _of(attachments.PART, "file", "attachment", "", part=1, ticket=b"made up"),
    _of_maria(consults.CONDITIONS, "PX"),
    _of_maria(consults.CHECK_INTAKE, "PX", condition=consulting.UTI),
    _of_maria(consults.FIND_PROVIDERS, "PX", condition=consulting.UTI),
    _of_maria(consults.CONSULTS, "PXTA"),
    _own(consults.MY_CONSULTS, "TAC"),
    _of_consult(consults.CONSULT, "PXTA"),
    _of_consult(consults.GIVE_PLAN, "A", version=2, diagnosis="well", plan="rest"),
    _of_consult(consults.DECLINE, "A", reason="not by message"),
    _of_consult(consults.ACKNOWLEDGE, "PX", version=1),
    _of_consult(consults.WITHDRAW, "PX"),
    _of_maria(people.REQUEST_PERSON, "PX", about=people.About.SERVICE, context=people.Doing(place="billing-charges")),
    _of(people.WITHDRAW_PERSON, "request", "request", "PX"),
    _of(people.PERSON_REQUEST, "request", "request", "PX"),
    _of(people.JOIN_PERSON, "request", "request", "S"),
    _of_maria(people.PERSON_REQUESTS, "PX"),
    _own(people.PERSON_REQUESTS, "PXOTACNRS"),
    _own(people.QUESTIONS, "TACNRS"),
    _of_maria(people.LOG_CONTACT, "TACNRSFH", **CONTACT),
    _of_maria(people.CONTACTS, "PXTACNRSFH"),
    _of_maria(common.ACCESSES["messaging"], "PXV"),
)
