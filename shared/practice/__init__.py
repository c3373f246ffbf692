"""The practice as data: files a real practice replaces with its own, read and checked here."""

from shared.practice.model import Practice

__all__ = ["Practice"]
