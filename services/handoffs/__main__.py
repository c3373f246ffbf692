"""Run handoffs."""

from shared.run import run

from services.handoffs.app import build

run(build)
