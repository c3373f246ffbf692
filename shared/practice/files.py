"""The practice's files: which holds what, read entry by entry, so that every fault is found in one go."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import Meta

from shared.practice.conditions import Condition
from shared.practice.entry import Entry
from shared.practice.model import (
    DueRule,
    Emergency,
    Holiday,
    MedicationEntry,
    Office,
    Orderable,
    Patient,
    PharmacyPartner,
    Shift,
    Staff,
    SupportHours,
    VisitType,
)
from shared.practice.problems import Problem
from shared.requests.common import State

if TYPE_CHECKING:
    from pathlib import Path

E = TypeVar("E", bound=Entry)


class Head(Entry, frozen=True, kw_only=True):
    """The practice itself."""

    id: UUID
    name: str
    states: frozenset[State]
    support_hours: list[SupportHours]
    holidays: list[Holiday] = []
    travel_minutes: Annotated[int, Meta(ge=0, le=240)] = 0
    video_guidance: list[str] = []


LISTS: Mapping[str, type[Entry]] = {
    "offices": Office,
    "staff": Staff,
    "shifts": Shift,
    "patients": Patient,
    "visit_types": VisitType,
    "orderables": Orderable,
    "due_rules": DueRule,
    "pharmacies": PharmacyPartner,
    "medications": MedicationEntry,
}
SINGLES: Mapping[str, type[Entry]] = {"practice": Head, "emergency": Emergency}


def file_of(kind: str) -> str:
    """The name of the file that holds entries of this kind."""
    return f"{kind.replace('_', '-')}.toml"


CONDITIONS = "conditions"
"""The folder with a file for each condition treated by message; there may be none."""
FILES = frozenset(file_of(kind) for kind in (*LISTS, *SINGLES))
BESIDE = frozenset({"sign-in.toml"})
"""Files that lie beside the practice's own: who may sign in to the embedded sign-in service."""


class Read(msgspec.Struct):
    """What was read: the entries that could be understood, and what is wrong with the rest."""

    singles: dict[str, Any]
    lists: dict[str, list[Any]]
    problems: list[Problem]


def read(folder: Path) -> Read:
    """Every entry of every file of the folder."""
    found = Read(singles={}, lists={}, problems=_strays(folder))
    for kind, entry in SINGLES.items():
        table = _table(folder, file_of(kind), found.problems)
        if table is not None:
            found.singles[kind] = _entry(entry, table, file_of(kind), "", found.problems)
    for kind, entry in LISTS.items():
        entries = _entries(folder, kind, found.problems)
        read_entries = (_entry(entry, one, file_of(kind), _called(one, at), found.problems) for at, one in entries)
        found.lists[kind] = [one for one in read_entries if one is not None]
    found.lists["conditions"] = list(_conditions(folder, found.problems))
    return found


def condition_file(code: str) -> str:
    """The file of one condition."""
    return f"{CONDITIONS}/{code}.toml"


def called(entry: Any) -> str:
    """What an entry is called in a problem: its code, name or id."""
    for name in ("code", "name", "id", "clinician"):
        if getattr(entry, name, None):
            return f"{name} {getattr(entry, name)}"
    return "an entry"


def _called(entry: Mapping[str, Any], position: int) -> str:
    for name in ("code", "name", "id", "clinician"):
        if isinstance(entry.get(name), str):
            return f"{name} {entry[name]}"
    return f"entry {position}"


def _conditions(folder: Path, problems: list[Problem]) -> Iterator[Condition]:
    seen: dict[str, str] = {}
    for path in sorted(path for path in (folder / CONDITIONS).glob("*") if not path.name.startswith(".")):
        file = f"{CONDITIONS}/{path.name}"
        if path.suffix != ".toml":
            problems.append(Problem(file, "", "is not the file of a condition.", "Its name ends in .toml."))
            continue
        table = _table(folder, file, problems)
        condition = None if table is None else _entry(Condition, table, file, "", problems)
        if condition is None:
            continue
        if condition.code in seen:
            wrong = f"{condition.code} is already used in {seen[condition.code]}."
            problems.append(Problem(file, "", wrong, "Give every condition a code of its own."))
        elif file != condition_file(condition.code):
            wrong = f"does not have the name of its code, '{condition.code}'."
            problems.append(Problem(file, "", wrong, f"Name it {condition.code}.toml, or correct the code."))
        seen.setdefault(condition.code, file)
        yield condition


def _strays(folder: Path) -> list[Problem]:
    return [
        Problem(path.name, "", "is not a file of a practice.", f"Rename or remove it; the files are {_listed()}.")
        for path in sorted(folder.glob("*.toml"))
        if path.name not in FILES | BESIDE
    ]


def _listed() -> str:
    return ", ".join(sorted(FILES))


def _table(folder: Path, file: str, problems: list[Problem]) -> dict[str, Any] | None:
    try:
        return tomllib.loads((folder / file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(Problem(file, "", "is missing.", "Copy it from deploy/practice and put your own data in."))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(Problem(file, "", f"is not valid TOML: {error}.", "Correct it there."))
    return None


def _entries(folder: Path, kind: str, problems: list[Problem]) -> list[tuple[int, dict[str, Any]]]:
    file = file_of(kind)
    table = _table(folder, file, problems)
    if table is None:
        return []
    do = f"Entries of this file begin with [[{kind}]]."
    problems.extend(Problem(file, name, "is not known here.", do) for name in table if name != kind)
    entries = table.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        problems.append(Problem(file, kind, "is not a list of entries.", f"Begin each entry with [[{kind}]]."))
        return []
    return list(enumerate(entries, start=1))


def _entry(kind: type[E], values: Mapping[str, Any], file: str, name: str, problems: list[Problem]) -> E | None:
    before = len(problems)
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    do = f"Use one of {', '.join(fields)}."
    problems.extend(Problem(file, name, f"'{unknown}' is not known.", do) for unknown in values.keys() - fields.keys())
    for field in fields.values():
        if field.name not in values:
            if field.required:
                problems.append(Problem(file, name, f"'{field.name}' is missing.", "Add it."))
            continue
        for part, value, expected in _parts(field.type, values[field.name]):
            try:
                msgspec.convert(value, expected)
            except msgspec.ValidationError as error:
                problems.append(Problem(file, name, f"'{field.name}'{part}: {error}.", "Correct it."))
    return msgspec.convert(values, kind) if len(problems) == before else None


def _parts(expected: Any, value: Any) -> Iterator[tuple[str, Any, Any]]:
    """A field's value, or each entry of a list of entries, so that the fault is found in the one that has it."""
    if get_origin(expected) is list and isinstance(value, list) and all(isinstance(one, dict) for one in value):
        for at, one in enumerate(value, start=1):
            yield f" {_called(one, at)}", one, get_args(expected)[0]
    else:
        yield "", value, expected
