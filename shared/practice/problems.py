"""What is wrong with a practice's data, said so that whoever wrote it can put it right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong: in which file, at which entry, what, and what to do about it."""

    file: str
    entry: str
    wrong: str
    do: str

    def __str__(self) -> str:
        """One line, as `baton practice check` prints it."""
        where = f"{self.file}: {self.entry}" if self.entry else self.file
        return f"{where}: {self.wrong} {self.do}"


class PracticeWrong(Exception):
    """The practice's data cannot be used; `problems` says what to put right."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
