"""The gateway, wired."""

from __future__ import annotations

from services.gateway.settings import GatewaySettings
from services.gateway.site import keep_open, open_site
from shared.app import App


def build() -> App:
    """Make the gateway from its environment."""
    return App(settings=GatewaySettings.from_environment(), ground=open_site, workers=(keep_open,))
