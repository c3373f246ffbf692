"""Run booking."""

from services.booking.app import build
from shared.run import run

run(build)
