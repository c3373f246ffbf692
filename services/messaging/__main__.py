"""Run messaging."""

from shared.run import run

from services.messaging.app import build

run(build)
