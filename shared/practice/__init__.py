"""The practice as data: files a real practice replaces with its own, read and checked here."""

from shared.practice.model import Practice
from shared.practice.problems import PracticeWrong, Problem
from shared.practice.reading import check, load

__all__ = ["Practice", "PracticeWrong", "Problem", "check", "load"]
