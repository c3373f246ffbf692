"""What is owed in conversations: replies, consults, answers from support, a person."""

from datetime import timedelta

from baton_events import messaging
from baton_events.codes import HandoffName, Party
from services.handoffs.declare import Accepting, Field, Has, Is, Moving, On, Row, Rung, Says, Team

ROWS = (
    Row(
        name=HandoffName.CONSULT_ANSWER,
        case="consult",
        opens=(On(messaging.ConsultRequested),),
        owner=Field("answer_owner"),
        due=Field("answer_due"),
        closes=(On(messaging.ConsultAnswered), On(messaging.ConsultDeclined)),
        withdraws=(On(messaging.ConsultWithdrawn),),
        accepts=(Accepting(messaging.ThreadClaimed, "claimed_by"),),
        moves=(
            Moving(messaging.ThreadHandedOver, "owner", "consult_due"),
            Moving(messaging.ThreadReleased, "owner", "consult_due"),
        ),
        ladder=(
            Rung(Team("clinicians-on-call"), timedelta(hours=2)),
            Rung(Team("care"), timedelta(hours=4)),
        ),
        owed="Answer the patient's request to be treated by message.",
        says=Says(
            subject="the answer to your request",
            opened="You asked to be treated by message. {owner} answers by {due}.",
            closed="{owner} has answered your request.",
            withdrawn="You took your request back.",
        ),
    ),
    Row(
        name=HandoffName.THREAD_REPLY,
        case="thread",
        opens=(
            On(messaging.MessageSent, when=(Is("author_party", Party.PATIENT), Has("reply_owner"), Has("reply_due"))),
        ),
        owner=Field("reply_owner"),
        due=Field("reply_due"),
        closes=(
            On(messaging.MessageSent, when=(Is("author_party", Party.STAFF),)),
            On(messaging.ReplyNotNeeded),
        ),
        withdraws=(On(messaging.ThreadClosed), On(messaging.ThreadErased)),
        taken="assigned",
        accepts=(Accepting(messaging.ThreadClaimed, "claimed_by"),),
        moves=(
            Moving(messaging.ThreadHandedOver, "owner", "reply_due", "assigned"),
            Moving(messaging.ThreadReleased, "owner", "reply_due"),
        ),
        ladder=(
            Rung(Team("clinicians-on-call"), timedelta(hours=4)),
            Rung(Team("support"), timedelta(hours=12)),
        ),
        owed="Answer the patient's message.",
        says=Says(
            subject="the answer to your message",
            opened="You wrote to us. {owner} answers by {due}.",
            closed="Your message has been answered or needed no answer.",
            withdrawn="The conversation was closed.",
        ),
        repeats=True,
    ),
    Row(
        name=HandoffName.SUPPORT_REPLY,
        case="question",
        opens=(On(messaging.QuestionAsked),),
        owner=Field("answer_owner"),
        due=Field("answer_due"),
        closes=(On(messaging.QuestionAnswered),),
        withdraws=(On(messaging.QuestionWithdrawn),),
        taken="assigned",
        accepts=(Accepting(messaging.ThreadClaimed, "claimed_by"),),
        moves=(
            Moving(messaging.ThreadHandedOver, "owner", "answer_due", "assigned"),
            Moving(messaging.ThreadReleased, "owner", "answer_due"),
        ),
        ladder=(Rung(Team("care"), timedelta(hours=1)),),
        owed="Answer the patient's question.",
        says=Says(
            subject="the answer to your question",
            opened="You asked us something. {owner} answers by {due}.",
            closed="Your question is answered.",
            withdrawn="You took your question back.",
        ),
    ),
    Row(
        name=HandoffName.PERSON_JOIN,
        case="request",
        opens=(On(messaging.PersonRequested),),
        owner=Field("join_owner"),
        due=Field("join_due"),
        closes=(On(messaging.PersonJoined),),
        withdraws=(On(messaging.PersonRequestWithdrawn),),
        ladder=(
            Rung(Team("care"), timedelta(minutes=5)),
            Rung(Team("clinicians-on-call"), timedelta(minutes=5)),
        ),
        owed="Join the patient, who asked for a person.",
        says=Says(
            subject="the person you asked for",
            opened="You asked for a person. {owner} is with you by {due}.",
            closed="A person is with you.",
            withdrawn="You no longer wait for a person.",
        ),
    ),
)
