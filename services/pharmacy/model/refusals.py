"""What pharmacy refuses, and what can be done instead."""

from __future__ import annotations

from shared.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


class MedicationUnknown(Invalid):
    """The practice does not prescribe a medication by this code. Choose one of its list."""

    code = "medication-unknown"


class ControlledMedication(Forbidden):
    """This medication is a controlled substance, which is not prescribed from here. Use the certified system for it."""

    code = "controlled-medication"


class AuthorityMissing(Forbidden):
    """Your credential does not carry prescribing authority. Ask a colleague whose does."""

    code = "prescribing-authority-missing"


class LicenceMissing(Forbidden):
    """You hold no licence in the state where this patient is. Ask a colleague who does."""

    code = "licence-missing"


class NoPharmacyChosen(Conflict):
    """This patient has no pharmacy yet. Ask them which, and name it in the request."""

    code = "no-pharmacy"


class PharmacyUnknown(Invalid):
    """The practice does not send to this pharmacy. Choose one of its list."""

    code = "pharmacy-unknown"


class NoSuchPrescription(NotFound):
    """There is no such prescription that you can open. Look at the medications, or ask the practice."""

    code = "no-such-prescription"


class PrescriptionEnded(Conflict):
    """This prescription was cancelled. A new one has to be signed."""

    code = "prescription-ended"


class NothingToCancel(Conflict):
    """This prescription has been filled and has no refills left, so there is nothing to cancel."""

    code = "nothing-to-cancel"


class NoRefillsLeft(Conflict):
    """No refills are left. Write to your clinician, who can renew the prescription."""

    code = "no-refills-left"


class RefillTooSoon(Conflict):
    """The last fill is still on its way to you. You can refill again once you have it."""

    code = "refill-too-soon"


class MedicationWithdrawn(Conflict):
    """This medication can no longer be refilled here. Write to your clinician about what to take instead."""

    code = "medication-withdrawn"


class SignatureWrong(Unauthenticated):
    """The webhook's signature or time is not what this pharmacy's secret gives. Check the secret and the clock."""

    code = "webhook-signature"


class MessageUnclear(Invalid):
    """The message is not one of the FHIR resources that partners may send. Correct the field named and send again."""

    code = "message-unclear"


class RoutingUnknown(NotFound):
    """No order of this pharmacy has the identifier named in the message. Check the identifier."""

    code = "order-unknown"
