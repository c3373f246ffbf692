"""Run billing."""

from services.billing.app import build
from shared.run import run

run(build)
