"""Run directory."""

from shared.run import run

from services.directory.app import build

run(build)
