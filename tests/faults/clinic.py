"""The clinic as a process of its own, refusing the visit named on its command line, if any."""

from __future__ import annotations

import sys
from uuid import UUID

from shared.run import run
from tests.support.clinic import Clinic

if __name__ == "__main__":
    run(Clinic(refused={UUID(visit) for visit in sys.argv[1:]}).build)
