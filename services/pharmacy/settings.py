"""What pharmacy is told by its environment."""

from __future__ import annotations

from pathlib import Path

from shared.settings import Settings


class PharmacySettings(Settings, frozen=True, kw_only=True):
    """The common settings, and how partner pharmacies are reached.

    `partner_secrets_file` is a JSON object from a pharmacy's id to the `whsec_` secret shared with it.
    `simulator_url` stands for `{simulator}` in the pharmacies' addresses. `delivery_slots` is how many messages go out
    at once, `partner_slots` how many of them to one pharmacy; `delivery_timeout_seconds` how long one may take.
    """

    service: str = "pharmacy"
    partner_secrets_file: Path
    simulator_url: str = ""
    delivery_slots: int = 32
    partner_slots: int = 8
    delivery_timeout_seconds: float = 10.0
    delivery_poll_seconds: float = 1.0
