"""The played pharmacies: who they are, what they keep, and the wish to be woken when something is owed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploy.simulator import behaviours
from deploy.simulator.store import Store

if TYPE_CHECKING:
    from uuid import UUID

    from deploy.simulator.behaviours import Cast
    from deploy.simulator.settings import Settings


@dataclass(frozen=True)
class Pharmacies:
    """Everything the door and the post share. `owing` is set when a message makes something owed."""

    settings: Settings
    cast: Cast
    secrets: dict[UUID, str]
    store: Store
    owing: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def open(cls, settings: Settings) -> Pharmacies:
        """Read the data and open the file."""
        return cls(
            settings=settings,
            cast=behaviours.read(settings.pharmacies_file),
            secrets=settings.secrets(),
            store=Store(settings.folder / "pharmacies.sqlite"),
        )
