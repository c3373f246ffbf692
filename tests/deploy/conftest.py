from tests.deploy.broker import broker

__all__ = ["broker"]
