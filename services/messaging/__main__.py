"""Run messaging."""

from services.messaging.app import build
from shared.run import run

run(build)
