"""What is owed around a visit, from the booking to the message that evening."""

from datetime import timedelta

from baton_events import booking, messaging, visits
from baton_events.codes import HandoffName
from services.handoffs.declare import Accepting, Field, Has, On, Row, Rung, Says, Team, TeamOfOffice

ROWS = (
    Row(
        name=HandoffName.VISIT_PREPARE,
        case="appointment",
        opens=(On(booking.AppointmentBooked),),
        owner=Field("prepare_owner"),
        due=Field("prepare_due"),
        closes=(On(visits.GuidanceSent),),
        withdraws=(On(booking.AppointmentCancelled),),
        ladder=(
            Rung(Team("support"), timedelta(minutes=30)),
            Rung(Team("care"), timedelta(hours=1)),
        ),
        owed="Send the patient what to know before the visit.",
        says=Says(
            subject="what to know before your visit",
            opened="Your visit is booked. {owner} sends you what to know before it by {due}.",
            closed="What to know before your visit is there for you to read.",
            withdrawn="The visit was cancelled, so there is nothing to get ready for.",
        ),
    ),
    Row(
        name=HandoffName.VISIT_ROOM,
        case="appointment",
        opens=(On(visits.VisitCheckedIn),),
        owner=Field("room_owner"),
        due=Field("room_due"),
        closes=(On(visits.VisitStarted),),
        withdraws=(On(visits.VisitLeft), On(booking.AppointmentCancelled)),
        ladder=(
            Rung(TeamOfOffice("front-desk"), timedelta(minutes=5)),
            Rung(Team("care"), timedelta(minutes=10)),
        ),
        owed="Take the patient to a room; they have checked in.",
        says=Says(
            subject="your room",
            opened="You are checked in. {owner} takes you to your room, and your visit begins by {due}.",
            closed="Your visit has begun.",
            withdrawn="You are no longer waiting for a room.",
        ),
        repeats=True,
    ),
    Row(
        name=HandoffName.VISIT_ORDER,
        case="order",
        opens=(On(visits.OrderPlaced),),
        owner=Field("order_owner"),
        due=Field("order_due"),
        accepts=(Accepting(visits.OrderAccepted, "accepted_by"),),
        closes=(On(visits.OrderCompleted), On(visits.OrderDeclined)),
        withdraws=(On(visits.OrderCancelled),),
        ladder=(
            Rung(TeamOfOffice("room"), timedelta(minutes=15)),
            Rung(Team("care"), timedelta(minutes=30)),
        ),
        owed="Carry out the clinician's order.",
        says=Says(
            subject="what your clinician ordered",
            opened="Your clinician asked {owner} for something to be done in this visit, by {due}.",
            closed="{owner} has dealt with what your clinician ordered, and it is on your record.",
            withdrawn="Your clinician took the order back.",
        ),
    ),
    Row(
        name=HandoffName.VISIT_SUMMARISE,
        case="visit",
        opens=(On(visits.VisitEnded),),
        owner=Field("clinician_owner"),
        due=Field("summary_due"),
        closes=(On(visits.VisitSummarised),),
        ladder=(
            Rung(Team("care"), timedelta(hours=4)),
            Rung(Team("clinicians-on-call"), timedelta(hours=12)),
        ),
        owed="Write the summary of the visit and its next steps.",
        says=Says(
            subject="the summary of your visit",
            opened="Your visit is over. {owner} writes down what happened and what comes next by {due}.",
            closed="The summary of your visit and the next steps are there for you to read.",
        ),
    ),
    Row(
        name=HandoffName.VISIT_FOLLOW_UP,
        case="visit",
        opens=(On(visits.VisitEnded, when=(Has("follow_up_due"),)),),
        owner=Field("clinician_owner"),
        due=Field("follow_up_due"),
        closes=(On(messaging.FollowUpSent),),
        closed_by="author_owner",
        withdraws=(On(visits.FollowUpDeclined),),
        ladder=(
            Rung(Team("care"), timedelta(hours=12)),
            Rung(Team("clinicians-on-call"), timedelta(hours=24)),
        ),
        owed="Write to the patient, by hand, after their visit.",
        says=Says(
            subject="the message after your visit",
            opened="{owner} writes to you after your visit, by {due}.",
            closed="{owner} has written to you after your visit.",
            withdrawn="You asked not to be written to after this visit.",
        ),
    ),
    Row(
        name=HandoffName.VIDEO_CONNECT,
        case="video",
        opens=(On(booking.VideoRequested),),
        owner=Field("connect_owner"),
        due=Field("connect_due"),
        closes=(On(booking.VideoConnected),),
        withdraws=(On(booking.VideoLeft),),
        ladder=(
            Rung(Team("care"), timedelta(minutes=5)),
            Rung(Team("support"), timedelta(minutes=5)),
        ),
        owed="Join the patient's video call.",
        says=Says(
            subject="your video call",
            opened="You asked for a video call. {owner} is with you by {due}.",
            closed="A clinician is on the call with you.",
            withdrawn="You left the video call before it began.",
        ),
    ),
    Row(
        name=HandoffName.CARE_OFFER,
        case="gap",
        opens=(On(visits.GapFound),),
        owner=Field("offer_owner"),
        due=Field("offer_due"),
        closes=(On(visits.GapClosed),),
        withdraws=(On(visits.GapSnoozed),),
        ladder=(Rung(Team("support"), timedelta(days=7)),),
        owed="Offer the patient what is due for them.",
        says=Says(
            subject="what is due for you",
            opened="Something is due for you. {owner} offers it to you by {due}.",
            closed="What was due for you is done.",
            withdrawn="You put off what is due for now.",
        ),
    ),
)
