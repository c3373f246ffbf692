"""The signs of an emergency can be read, are each used, and say where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.emergency.patterns import NAME, PatternWrong, parts, spelled_out
from shared.practice.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.practice.model import Emergency, Practice

FILE = "emergency.toml"
HOW = "The head of shared/emergency/patterns.py tells how signs are written."


def filled_in(practice: Practice) -> Iterable[Problem]:
    """There are signs, and something to tell whoever shows one."""
    for field in ("signs", "title", "text", "call"):
        if not getattr(practice.emergency, field):
            yield Problem(FILE, field, "is empty.", "Nobody would be warned; fill it in.")
    for sign in practice.emergency.signs:
        if not sign.said:
            yield Problem(FILE, f"signs {sign.kind}", "says nothing.", "List the words in 'said'.")


def sources(practice: Practice) -> Iterable[Problem]:
    """Every sign says which public page it comes from."""
    for sign in practice.emergency.signs:
        if not sign.source.startswith("https://"):
            do = "Give the https:// address of the page."
            yield Problem(FILE, f"signs {sign.kind}", "does not say where it comes from.", do)


def readable(practice: Practice) -> Iterable[Problem]:
    """Every pattern can be read; the parts of a sign fit within its words."""
    for entry, pattern in _patterns(practice.emergency):
        try:
            for part in parts(pattern):
                spelled_out(part, practice.emergency.words)
        except PatternWrong as wrong:
            yield Problem(FILE, entry, f'"{pattern}": {wrong}.', HOW)
    for sign in practice.emergency.signs:
        for said in sign.said:
            if len(parts(said)) > 1 and len(said.replace("+", " ").split()) > sign.within:
                yield Problem(FILE, f"signs {sign.kind}", f'"{said}" has no room.', "Raise 'within'.")


def once(practice: Practice) -> Iterable[Problem]:
    """No pattern is said twice."""
    seen: set[frozenset[str]] = set()
    for sign in practice.emergency.signs:
        for said in sign.said:
            key = frozenset(parts(said))
            if key in seen:
                yield Problem(FILE, f"signs {sign.kind}", f'"{said}" is said twice.', "Keep it once.")
            seen.add(key)


def no_denial_alone(practice: Practice) -> Iterable[Problem]:
    """A denial is no part by itself: whoever denies a sign would show it."""
    for sign in practice.emergency.signs:
        for said in sign.said:
            for part in set(parts(said)).intersection(practice.emergency.unless.denials):
                wrong = f"\"{said}\": '{part}' alone is how people deny."
                yield Problem(FILE, f"signs {sign.kind}", wrong, "Write it in one part with the words after it.")


def lists_used(practice: Practice) -> Iterable[Problem]:
    """Every list of words has a name that signs can say, and one says it."""
    used = {word for _, pattern in _patterns(practice.emergency) for word in pattern.split() if NAME.fullmatch(word)}
    for name in practice.emergency.words:
        if not NAME.fullmatch(name):
            yield Problem(FILE, f"words {name}", "is not a name in capitals.", "Write it with A to Z and _ only.")
        elif name not in used:
            yield Problem(FILE, f"words {name}", "is used by nothing.", "Use it in a sign, or remove it.")


def _patterns(emergency: Emergency) -> Iterator[tuple[str, str]]:
    for name, entries in emergency.words.items():
        yield from ((f"words {name}", entry) for entry in entries)
    for sign in emergency.signs:
        yield from ((f"signs {sign.kind}", said) for said in sign.said)
    for name, entries in msgspec.structs.asdict(emergency.unless).items():
        yield from ((f"unless {name}", entry) for entry in entries)
