"""An author sees how far their own message has come, and that it has not been delivered when it has not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from baton_events.codes import Party
from services.messaging.model.delivery import ON_ITS_WAY, Reach, delivery
from shared.call import Call
from shared.identity.people import Person, Role
from shared.requests import messaging as ask
from shared.requests.messaging import Delivery
from tests.messaging.test_corrections import page
from tests.messaging.test_threads import BEN, MARIA, opened, send, treats

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.stack import Stack

NOON = datetime(2027, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("party", "read", "waits", "closed", "age", "shown"),
    [
        (Party.PATIENT, (5, 4), None, False, 0, "delivered"),
        (Party.PATIENT, (5, 5), None, False, 0, "read"),
        (Party.STAFF, (4, 5), None, False, 0, "delivered"),
        (Party.STAFF, (6, 5), None, False, 0, "read"),
        (Party.PATIENT, (5, 4), 5, False, 59, "sending"),
        (Party.PATIENT, (5, 4), 5, False, 60, "undelivered"),
        (Party.STAFF, (4, 5), 3, False, 3600, "undelivered"),
        (Party.PATIENT, (5, 4), 6, False, 3600, "delivered"),
        (Party.PATIENT, (5, 5), 5, False, 3600, "read"),
        (Party.PATIENT, (5, 4), None, True, 3600, "undelivered"),
        (Party.PATIENT, (5, 5), None, True, 3600, "read"),
        (Party.STAFF, (4, 5), None, True, 3600, "delivered"),
    ],
)
def test_how_far_the_fifth_message_has_come(
    party: Party, read: tuple[int, int], waits: int | None, closed: bool, age: int, shown: str
) -> None:
    reach = Reach({Party.PATIENT: read[0], Party.STAFF: read[1]}, waits, closed)
    assert delivery(reach, party, 5, NOON, NOON + timedelta(seconds=age)) == shown


async def shown(s: Stack, thread: UUID, by: str = MARIA) -> list[Delivery | None]:
    return [message.delivery for message in (await page(s, thread, by)).messages]


async def test_a_message_is_sent_then_delivered_then_read_and_only_its_author_sees_so(stack: Any) -> None:
    async with stack("directory", "messaging") as s:
        await treats(s, BEN, MARIA)
        thread = await opened(s)
        await send(s, thread, "hello", MARIA)
        await s.quiet()
        assert await shown(s, thread) == [Delivery.DELIVERED]
        assert await shown(s, thread, BEN) == [None]
        await s.ask(ask.MARK_READ, ask.MarkRead(thread=thread, sequence=1), as_=BEN)
        assert await shown(s, thread) == [Delivery.READ]
        await send(s, thread, "good day", BEN)
        await s.quiet()
        assert await shown(s, thread, BEN) == [Delivery.DELIVERED, None]
        assert await shown(s, thread) == [None, Delivery.READ]
        await send(s, thread, "one more thing", MARIA)
        await s.quiet()
        await s.ask(ask.CLOSE_THREAD, ask.OfThread(thread=thread), as_=BEN)
        assert await shown(s, thread) == [Delivery.UNDELIVERED, None, Delivery.READ]


async def test_what_cannot_leave_is_shown_so_until_the_way_is_free_again(stack: Any) -> None:
    """While the broker is down nothing can be asked over it, so the page is asked of the operation itself."""
    async with stack("directory", "messaging") as s:
        thread = await opened(s)
        await send(s, thread, "before", MARIA)
        await s.quiet()
        broker = s.servers.broker
        await s.as_owner("messaging", HOLD)
        await send(s, thread, "held", MARIA)
        broker.kill()
        await s.as_owner("messaging", LET_GO)
        assert await asked(s, thread) == [Delivery.SENDING, Delivery.DELIVERED]
        s.clock.advance(ON_ITS_WAY)
        assert await asked(s, thread) == [Delivery.UNDELIVERED, Delivery.DELIVERED]
        broker.start()
        await broker.ready()
        await s.until(s.connected, 20)
        await s.quiet(20)
        assert await shown(s, thread) == [Delivery.DELIVERED, Delivery.DELIVERED]


HOLD = """
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.next_at := now() + interval '1 hour'; RETURN NEW; END $$;
CREATE TRIGGER hold BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION hold();
"""
"""Has the relay wait with what is written from now on, until the broker is down."""

LET_GO = (
    "DROP TRIGGER hold ON outbox; DROP FUNCTION hold(); UPDATE outbox SET next_at = now() WHERE published_at IS NULL"
)


async def asked(s: Stack, thread: UUID) -> list[Delivery | None]:
    """What Maria sees, asked of the operation as it stands in the service, without the broker between."""
    ground: Any = s.ground("messaging")
    now = s.clock()
    maria = Person(id=s.person(MARIA), roles=frozenset({Role.PATIENT}), teams=frozenset(), expires=now)
    call = Call(operation=ask.MESSAGES, caller=maria, token="", now=now, deadline=now, key=str(uuid4()))
    answer = await s.services["messaging"].app.operations[ask.MESSAGES](ground, call, ask.ReadMessages(thread=thread))
    assert isinstance(answer, ask.Messages)
    return [message.delivery for message in answer.messages]
