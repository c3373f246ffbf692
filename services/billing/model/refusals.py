"""What billing refuses, and what can be done instead."""

from __future__ import annotations

from shared.errors import Conflict, Invalid, NotFound, Refusal


class QuoteDiffers(Conflict):
    """There is another price under this id, and a price is never changed. Choose a new id for a new price."""

    code = "quote-differs"


class QuoteExpired(Invalid):
    """This price would have lapsed before it was made. Give an expiry that lies ahead."""

    code = "quote-expired"


class QuoteLapsed(Refusal):
    """This price has lapsed. Ask for offers again, and choose one of them at the price shown then."""

    status = 410
    code = "quote-lapsed"


class QuoteTaken(Conflict):
    """This price is locked for something else. Ask for offers again, and choose one of them."""

    code = "quote-taken"


class QuoteGivenUp(Conflict):
    """This price was locked and given up again. Ask for offers again, and choose one of them."""

    code = "quote-given-up"


class CasePriced(Conflict):
    """Another price is locked for this already, and it stands. Look at that price."""

    code = "case-priced"


class ProviderUnknown(Invalid):
    """The practice has no clinician by this id. The field at fault is named; correct it and send again."""

    code = "provider-unknown"


class OfficeUnknown(Invalid):
    """The practice has no office by this id. The field at fault is named; correct it and send again."""

    code = "office-unknown"


class NoSuchQuote(NotFound):
    """There is no price here that you can open. Check the address, or ask for offers again."""

    code = "no-such-quote"


class NoSuchCharge(NotFound):
    """There is no charge here that you can open. Check the address, or ask the practice."""

    code = "no-such-charge"


class AlreadyVoided(Conflict):
    """This charge was given up before. Nothing is owed for it, and nothing is left to do."""

    code = "already-voided"
