"""Run visits."""

from services.visits.app import build
from shared.run import run

run(build)
