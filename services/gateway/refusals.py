"""What the door itself refuses, each with its code and what to do next."""

from shared.errors import Invalid, NotFound, TooMany, Unavailable


class NoSuchAddress(NotFound):
    """There is no such address. The addresses are listed at /openapi.json."""

    code = "no-such-address"


class MethodNotAllowed(Invalid):
    """This address does not take that method. Those it takes are in the Allow header and at /openapi.json."""

    status = 405
    code = "method-not-allowed"


class NotJson(Invalid):
    """A request here is JSON: send it with Content-Type application/json, in UTF-8 and uncompressed."""

    status = 415
    code = "not-json"


class NotBytes(Invalid):
    """A part of a file is sent bare: with Content-Type application/octet-stream and not compressed."""

    status = 415
    code = "not-bytes"


class GivenTwice(Invalid):
    """A value was given more than once. Give the named field once and send again."""

    code = "given-twice"


class BodyTooSlow(Invalid):
    """The request took too long to arrive. Send it again."""

    status = 408
    code = "too-slow"


class TooFast(TooMany):
    """You have sent many requests in a short time. Wait for the seconds given in Retry-After and send again."""


class TooManyStreams(TooMany):
    """You have too many live streams open. Close one, or wait for the seconds given in Retry-After."""

    code = "too-many-streams"


class Full(Unavailable):
    """The practice is very busy. Nothing was done; send the same request again after the seconds in Retry-After."""

    code = "busy"
