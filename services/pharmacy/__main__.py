"""Run pharmacy."""

from services.pharmacy.app import build
from shared.run import run

run(build)
