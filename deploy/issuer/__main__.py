"""Run the sign-in service until told to stop."""

from aiohttp import web

from deploy.issuer.app import build
from deploy.issuer.settings import Settings
from shared import logs

logs.configure("issuer")
settings = Settings.from_environment()
web.run_app(build(settings), host=settings.host, port=settings.port, print=None, access_log=None)
