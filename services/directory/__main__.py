"""Run directory."""

from services.directory.app import build
from shared.run import run

run(build)
