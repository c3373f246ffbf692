"""Run the gateway."""

from services.gateway.app import build
from shared.run import run

run(build)
