"""Run the partner pharmacies until told to stop."""

from aiohttp import web

from deploy.simulator.app import build
from deploy.simulator.settings import Settings

settings = Settings.from_environment()
web.run_app(build(settings), host=settings.host, port=settings.port, print=None, access_log=None)
