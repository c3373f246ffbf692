"""What booking refuses."""

from __future__ import annotations

from shared.errors import Conflict, Invalid, NotFound, Refusal


class NothingTold(Invalid):
    """Say in a few words why you want to be seen."""

    code = "reason-missing"


class OfferAltered(Invalid):
    """This is not an offer as we made it. Ask for offers again and pick one as it is given."""

    code = "offer-altered"


class OfferLapsed(Refusal):
    """This offer has lapsed. Ask for offers again; the times may still be free."""

    status = 410
    code = "offer-lapsed"


class OfferGone(Conflict):
    """This offer cannot be taken any more. The next best offers come with this answer; pick one of them."""

    code = "offer-gone"


class SlotTaken(OfferGone):
    """This time has just been taken. The next best offers come with this answer; pick one of them."""

    code = "slot-taken"


class TimeClosed(OfferGone):
    """The practice is not open for this visit at this time any more. Pick one of the next best offers."""

    code = "time-closed"


class PatientBusy(OfferGone):
    """You already have an appointment at this time. Pick one of the next best offers, or give the other time back."""

    code = "patient-busy"


class LicenceMissing(OfferGone):
    """This clinician may not treat you in your state at this time. Pick one of the next best offers."""

    code = "licence-missing"


class NoSuchAppointment(NotFound):
    """There is no appointment here that you can open. Check the address, or ask the practice."""

    code = "no-such-appointment"


class NotCancellable(Conflict):
    """Only an appointment that has not begun can be given back. Look at it again to see where it stands."""

    code = "not-cancellable"


class TimesPast(Invalid):
    """The times asked for are past. Ask for times from now on."""

    code = "times-past"


class UnknownChoice(Invalid):
    """The practice has nothing by this name or id. The field at fault is named; correct it and send again."""

    code = "unknown-choice"
