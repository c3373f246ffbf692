"""The log of calls, mails and words at the desk: what may be promised, and what is owed afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from baton_events.codes import ThreadKind
from shared.errors import Conflict, Invalid, NotFound
from shared.requests.people import About

if TYPE_CHECKING:
    from datetime import datetime

    from shared.requests.people import LogContact

LATEST_CALL_BACK = timedelta(days=7)
KIND = {About.SERVICE: ThreadKind.SUPPORT, About.CARE: ThreadKind.CARE}


class CallBackWrong(Invalid):
    """A call back is promised for a patient's unanswered question, for a time within the next seven days."""

    code = "call-back-wrong"


class NoSuchQuestion(NotFound):
    """There is no such question of this patient. Look at the open ones, or log the contact without it."""

    code = "no-such-question"


class QuestionSettled(Conflict):
    """This question is answered or was taken back already. Log the contact without it."""

    code = "question-settled"


def owes(ask: LogContact) -> bool:
    """Whether the practice owes the patient an answer after this contact that it did not owe before."""
    return ask.origin == "patient" and not ask.answered and ask.answers is None


def check(ask: LogContact, now: datetime) -> None:
    """Raise CallBackWrong for a time that cannot be promised."""
    if ask.call_back_by is None:
        return
    if not owes(ask) or not now < ask.call_back_by <= now + LATEST_CALL_BACK:
        raise CallBackWrong(field="call_back_by")
