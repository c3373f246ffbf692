"""What the gateway is told by its environment."""

from __future__ import annotations

from shared.settings import Settings


class GatewaySettings(Settings, frozen=True, kw_only=True):
    """The common settings and those of the HTTP door. Times are seconds, rates are requests a second.

    `issuer_upstream` is where the embedded issuer listens, empty when sign-in is elsewhere. A connection without a
    whole request header for `idle_seconds` is closed. `caller_*` bound one person's requests, `address_*` those of one
    network address that shows no valid token. A part of a file has `part_seconds` to arrive, or to leave;
    `most_files` bounds the parts arriving and the files leaving, of which `parts_at_once` are asked for at once.
    """

    service: str = "gateway"
    host: str = "127.0.0.1"
    port: int = 8080
    issuer_upstream: str = ""
    answer_seconds: float = 5.0
    body_seconds: float = 10.0
    part_seconds: float = 30.0
    idle_seconds: float = 75.0
    most_in_flight: int = 512
    most_files: int = 64
    parts_at_once: int = 12
    caller_rate: float = 50.0
    caller_burst: int = 200
    address_rate: float = 20.0
    address_burst: int = 100
    most_live: int = 2000
    most_live_each: int = 8
    live_send_seconds: float = 10.0
    live_ping_seconds: float = 15.0
    live_check_seconds: float = 30.0
