"""Faults planted in the conditions treated by message: each is found and named."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from shared.practice import PracticeWrong, check, load

SAMPLE = Path(__file__).parents[2] / "deploy" / "practice"
TODAY = date(2026, 6, 1)
EYE = "pink-eye"

CONFIRMED = {
    "acne", "allergies", "eczema", "urinary-tract-infection", "mens-hair-loss", "erectile-dysfunction", "pink-eye",
    "flu", "sinusitis", "anti-aging-skin-care", "eyelash-growth", "motion-sickness", "asthma", "hypothyroidism",
    "high-cholesterol", "migraine", "high-blood-pressure",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "practice"))


def swap(old: str, new: str, code: str = EYE) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "conditions" / f"{code}.toml"
        text = file.read_text()
        assert old in text, f"{code} no longer holds {old!r}"
        file.write_text(text.replace(old, new, 1))

    return change


def add(text: str, code: str = EYE) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / "conditions" / f"{code}.toml").open("a") as file:
            file.write(f"\n{text}\n")

    return change


def drop(field: str, code: str = EYE) -> Callable[[Path], None]:
    """Every entry of a list."""

    def change(folder: Path) -> None:
        file = folder / "conditions" / f"{code}.toml"
        text = re.sub(rf"\[\[{field}\]\]\n(?:(?!\[\[).*\n)*", "", file.read_text())
        file.write_text(f"{field} = []\n{text}")

    return change


def without_sources(folder: Path) -> None:
    file = folder / "conditions" / f"{EYE}.toml"
    text, taken = re.subn(r"sources = \[\n(?:    .*\n)*\]\n", "", file.read_text())
    assert taken == 1
    file.write_text(text)


def question(code: str, when: str = "", rest: str = 'type = "yes-no"') -> Callable[[Path], None]:
    return add(f'[[questions]]\ncode = "{code}"\nasks = "Really?"\nwhen = [{when}]\n{rest}')


def flag(code: str, when: str, kind: str = "unsuitable") -> Callable[[Path], None]:
    offers = "person"
    return add(f'[[{kind}]]\ncode = "{code}"\nwhen = [{when}]\nsays = "See us."\noffers = "{offers}"')


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for one in changes:
            one(folder)

    return change


def options(*codes: str) -> str:
    return ", ".join(f'{{ code = "{code}", text = "{code}" }}' for code in codes)


CHOICE = 'type = "choices"\noptions = [{}]\n'

FAULTS = {
    "a condition that is not TOML": (swap('kind = "new"', "kind = new"), "is not valid TOML"),
    "a file that is no condition": (
        lambda folder: (folder / "conditions" / "acne.tml").write_text(""),
        "conditions/acne.tml: is not the file of a condition.",
    ),
    "a file under another name than its code": (
        swap('code = "pink-eye"', 'code = "red-eye"'),
        "does not have the name of its code, 'red-eye'.",
    ),
    "two conditions with one code": (swap('code = "acne"', 'code = "pink-eye"', "acne"), "pink-eye is already used in"),
    "two conditions with one name": (swap('name = "Pink eye"', 'name = "acne"'), "name: 'acne' is already the name of"),
    "a price that is missing": (swap("message_price_cents = 3900\n", ""), "'message_price_cents' is missing."),
    "a price of nothing": (swap("message_price_cents = 3900", "message_price_cents = 0"), "message_price_cents: is no"),
    "a price below nothing": (swap("visit_price_cents = 4900", "visit_price_cents = -1"), "'visit_price_cents': "),
    "a message that costs more than the visit": (
        swap("message_price_cents = 3900", "message_price_cents = 5900"),
        "message_price_cents: is more than the visit costs.",
    ),
    "a visit that costs more than one booked directly": (
        swap("visit_price_cents = 4900", "visit_price_cents = 10000"),
        "visit_price_cents: is more than the same visit costs when booked directly, 9900.",
    ),
    "an unknown visit type": (
        swap('visit_type = "cough-cold"', 'visit_type = "eyes"'),
        "visit_type: there is no visit type 'eyes'.",
    ),
    "ages that nobody has": (swap("youngest = 18", "youngest = 65"), "ages: no one is at least 65 and at most 64."),
    "an age beyond people": (swap("oldest = 64", "oldest = 640"), "'oldest': "),
    "a state the practice is not open in": (
        swap("oldest = 64", 'oldest = 64\nstates = ["CA", "AK"]'),
        "states: AK is not among the practice's states.",
    ),
    "no state at all": (swap("oldest = 64", "oldest = 64\nstates = []"), "states: is treated in no state."),
    "a kind that is none": (swap('kind = "new"', 'kind = "old"'), "'kind': "),
    "a field that is misspelt": (swap("oldest = 64", "eldest = 64"), "'eldest' is not known."),
    "no source": (without_sources, "'sources' is missing."),
    "no guideline": (swap('shows = "guideline"', 'shows = "catalogue"', "asthma"), "sources: no guideline is named."),
    "no catalogue behind what is confirmed": (
        swap('shows = "catalogue"', 'shows = "guideline"'),
        "sources: no public catalogue confirms it.",
    ),
    "a source that is hearsay": (swap('url = "https://www.cdc.gov', 'url = "cdc'), "is not a public page."),
    "no question": (drop("questions"), "questions: nothing is asked."),
    "no red flag": (drop("red_flags"), "red_flags: no answer is an alarm."),
    "nothing beyond a message": (drop("unsuitable"), "unsuitable: nothing is beyond treatment by message."),
    "a question of an unknown type": (
        question("colour", rest='type = "colour"'),
        "'questions' code colour: Invalid value 'colour'",
    ),
    "a question without words": (
        swap('asks = "Does light hurt the eye?"', 'asks = ""'),
        "'questions' code light: Expected `str` of length >= 1",
    ),
    "a number without a unit": (
        question("age", rest='type = "number"\nleast = 1\nmost = 2'),
        "'questions' code age: Object missing required field `unit`",
    ),
    "an unknown unit": (
        question("age", rest='type = "number"\nunit = "fortnights"\nleast = 1\nmost = 2'),
        "'questions' code age: Invalid enum value 'fortnights'",
    ),
    "a range upside down": (
        swap("least = 0\nmost = 60", "least = 60\nmost = 0"),
        "question days: no number is from 60 to 0.",
    ),
    "photos that nobody can send": (
        question("more-photos", rest='type = "photos"\nfewest = 4\nmost = 2'),
        "question more-photos: nobody can send at least 4 and at most 2 photos.",
    ),
    "a text longer than a message": (
        question("story", rest='type = "text"\nlongest = 100000'),
        "'questions' code story: Expected `int` <= 4000",
    ),
    "two questions with one code": (question("pain"), "question pain: is there twice."),
    "a choice with one option": (
        question("only", rest=CHOICE.format(options("one"))),
        "question only: leaves nothing to choose.",
    ),
    "an option twice": (
        question("which", rest=CHOICE.format(options("one", "one"))),
        "question which: the option 'one' is there twice.",
    ),
    "more to choose than there is": (
        question("which", rest=CHOICE.format(options("one", "two")) + "most = 3"),
        "question which: nobody can choose 3 of its options.",
    ),
    "a condition on an unknown question": (
        question("next", '{ question = "pian", yes = true }'),
        "question next: looks at the unknown question 'pian'.",
    ),
    "a flag on an unknown question": (
        flag("odd", '{ question = "pian", yes = true }'),
        "flag odd: looks at the unknown question 'pian'.",
    ),
    "a circle": (
        both(
            question("one", '{ question = "two", yes = true }'),
            question("two", '{ question = "one", yes = true }'),
        ),
        "question one: is asked after 'two', which is asked after it: a circle.",
    ),
    "a question after itself": (
        question("one", '{ question = "one", yes = true }'),
        "question one: is asked after 'one', which is asked after it: a circle.",
    ),
    "a question before what it looks at": (
        both(question("one", '{ question = "two", yes = true }'), question("two")),
        "question one: is asked before 'two', which it looks at.",
    ),
    "a test that does not fit": (
        question("next", '{ question = "days", yes = true }'),
        "question next: 'yes' does not fit the answer to 'days'.",
    ),
    "a test on words": (
        flag("words", '{ question = "medicines", any_of = ["aspirin"] }'),
        "flag words: 'any_of' does not fit the answer to 'medicines'.",
    ),
    "a test that tests nothing": (flag("any", '{ question = "days" }'), "flag any: looks at 'days' and tests nothing."),
    "a test for an option that is none": (
        flag("third-eye", '{ question = "eyes", any_of = ["third"] }'),
        "flag third-eye: 'third' is no option of 'eyes'.",
    ),
    "safety that hangs on an optional question": (
        both(
            question("maybe", rest='type = "yes-no"\noptional = true'), flag("m", '{ question = "maybe", yes = true }')
        ),
        "flag m: looks at 'maybe', which may be left out.",
    ),
    "a flag that looks at nothing": (flag("always", "", "red_flags"), "flag always: looks at no answer."),
    "two flags with one code": (flag("pain", '{ question = "contacts", yes = false }'), "flag pain: is there twice."),
    "two flags on the same answers": (
        flag("lenses", '{ question = "contacts", yes = true }'),
        "flag lenses: looks at the same answers as 'contacts'.",
    ),
    "a question nobody is asked": (
        question("never", '{ question = "days", at_least = 5 }, { question = "days", at_most = 4 }'),
        "question never: nobody is ever asked this.",
    ),
    "a question behind a red flag": (
        question("late", '{ question = "pain", yes = true }'),
        "question late: nobody is ever asked this.",
    ),
    "a red flag that can never fire": (
        flag("old", '{ question = "days", at_least = 61 }', "red_flags"),
        "flag old: can never be raised.",
    ),
    "what a red flag always outdoes": (
        flag("sore", '{ question = "pain", yes = true }, { question = "light", yes = false }'),
        "flag sore: can never be raised.",
    ),
    "a form that nobody completes": (
        both(
            flag("one-eye", '{ question = "eyes", any_of = ["one"] }'),
            flag("two-eyes", '{ question = "eyes", any_of = ["both"] }'),
        ),
        "questions: nobody can complete this form.",
    ),
    "a red flag that offers nothing": (
        swap('says = "A painful red eye should be seen today."\noffers = "person"', 'says = "Sorry."\noffers = "none"'),
        "'red_flags' code pain: Invalid enum value 'none'",
    ),
}


def test_the_sample_treats_what_public_catalogues_confirm_and_more() -> None:
    conditions = load(SAMPLE).conditions
    assert len(conditions) >= 20
    assert {code for code, condition in conditions.items() if condition.basis == "confirmed"} == CONFIRMED
    assert all(condition.sources for condition in conditions.values())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_planted_in_a_condition_is_found_and_named(folder: Path, fault: str) -> None:
    plant, said = FAULTS[fault]
    plant(folder)
    found = [str(problem) for problem in check(folder, TODAY)]
    assert any(problem.startswith("conditions/") and said in problem for problem in found), found
    with pytest.raises(PracticeWrong):
        load(folder)


def test_a_practice_may_treat_nothing_by_message(folder: Path) -> None:
    shutil.rmtree(folder / "conditions")
    assert check(folder, TODAY) == []
    (folder / "conditions").mkdir()
    assert load(folder).conditions == {}
