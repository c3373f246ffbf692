"""What keeps a sealed value closed. From outside, none of these differs from its ordinary kind."""

from shared.errors import Internal, NotFound, Unavailable


class SealBroken(Internal):
    """Something went wrong on our side. Send the same request again; the practice has been told."""


class KeysMissing(Internal):
    """Something went wrong on our side. Send the same request again; the practice has been told."""


class PatientErased(NotFound):
    """There is nothing here that you can open. Check the address, or ask the practice."""


class GroupErased(NotFound):
    """There is nothing here that you can open. Check the address, or ask the practice."""


class KeysUnreachable(Unavailable):
    """This part of the practice cannot reach its keys. Nothing was done; send the same request again shortly."""

    code = "keys-unavailable"
