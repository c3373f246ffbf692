"""Why something cannot be done with a visit or an order, and what can be done instead."""

from shared.errors import Conflict, Forbidden, Invalid, Unavailable


class TooEarlyToCheckIn(Conflict):
    """Check-in opens 30 minutes before the visit, at the time given. Check in then."""

    code = "too-early-to-check-in"


class TooLateToCheckIn(Conflict):
    """The time of this visit is over. Write to the practice, or book another time."""

    code = "too-late-to-check-in"


class AppointmentGivenBack(Conflict):
    """This appointment was cancelled. Book another time."""

    code = "appointment-given-back"


class MovedMeanwhile(Unavailable):
    """This appointment was moved at this very moment. Look at its time, and send the same request again."""

    code = "moved-meanwhile"


class NoSuchItem(Invalid):
    """The checklist of this visit is not that long. Look at the visit for its items."""

    code = "no-such-item"


class OpinionGivenBefore(Conflict):
    """You have said how this visit went. Write to the practice in a thread to add to it."""

    code = "opinion-given-before"


class NotDue(Conflict):
    """This is not due for you any more. Look at what is due again."""

    code = "not-due"


class SnoozedTooLong(Invalid):
    """It can be put off to a time to come, for a year at most. Choose another time."""

    code = "snoozed-too-long"


class NotCheckedIn(Conflict):
    """You have not checked in to this visit, so there is nothing to leave. Check in when you arrive."""

    code = "not-checked-in"


class StartBeforeCheckIn(Conflict):
    """The patient has not checked in yet. Start the visit once they have."""

    code = "start-before-check-in"


class NotStarted(Conflict):
    """The visit has not started. Start it first."""

    code = "not-started"


class AlreadyStarted(Conflict):
    """The visit has already started. Go on with it: order, or end it."""

    code = "already-started"


class NotEnded(Conflict):
    """The visit has not ended. End it first."""

    code = "not-ended"


class AlreadyEnded(Conflict):
    """The visit has already ended. Write its summary, or write to the patient in a thread."""

    code = "already-ended"


class AlreadySummarised(Conflict):
    """The visit has its summary, and the patient may have read it. Write to the patient in a thread to add to it."""

    code = "already-summarised"


class NoFollowUpOwed(Conflict):
    """No follow-up is owed after this visit. There is nothing to decline."""

    code = "no-follow-up-owed"


class LicenceMissing(Forbidden):
    """You hold no valid licence where the patient is. Hand the visit to a colleague who does."""

    code = "licence-missing"


class OrderUnknown(Invalid):
    """The practice has no order by this code. Choose one of the codes of its list of orders."""

    code = "order-unknown"


class LotMissing(Invalid):
    """The lot number belongs on the record for this order. Send it again with `lot`."""

    code = "lot-missing"


class OrderNotAccepted(Conflict):
    """Nobody has accepted this order yet. Accept it, then complete it."""

    code = "order-not-accepted"


class OrderTaken(Conflict):
    """A colleague in the lab team has accepted this order. Choose another one, or accept this one if it is overdue."""

    code = "order-taken"


class OrderSettled(Conflict):
    """This order is already completed, declined or cancelled. Nothing is left to do; look at the list again."""

    code = "order-settled"
