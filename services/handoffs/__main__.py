"""Run handoffs."""

from services.handoffs.app import build
from shared.run import run

run(build)
