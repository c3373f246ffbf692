import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from shared.practice import PracticeWrong, check, load

SAMPLE = Path(__file__).parents[2] / "deploy" / "practice"
TODAY = date(2026, 6, 1)
SF = "0ff1ce00-0000-4000-8000-000000000003"
DENVER = "0ff1ce00-0000-4000-8000-000000000002"
BEN = "c1111c00-0000-4000-8000-000000000002"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "practice"))


def swap(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text, f"{file} no longer holds {old!r}"
        (folder / file).write_text(text.replace(old, new, 1))

    return change


def without_signs(folder: Path) -> None:
    text = (folder / "emergency.toml").read_text()
    first, after = text.index("[[signs]]"), text.index("[unless]")
    (folder / "emergency.toml").write_text("signs = []\n" + text[:first] + text[after:])


FAULTS = {
    "a file is missing": (lambda folder: (folder / "shifts.toml").unlink(), "shifts.toml: is missing."),
    "a file has a wrong name": (
        lambda folder: (folder / "ofices.toml").write_text(""),
        "ofices.toml: is not a file of a practice.",
    ),
    "a file is not TOML": (swap("offices.toml", 'name = "Denver"', "name = Denver"), "offices.toml: is not valid TOML"),
    "a price is missing": (
        swap("visit-types.toml", "price_cents = 9900\n", ""),
        "visit-types.toml: code general: 'price_cents' is missing.",
    ),
    "a price is not a number": (
        swap("visit-types.toml", "price_cents = 9900", 'price_cents = "99"'),
        "visit-types.toml: code general: 'price_cents'",
    ),
    "a field is misspelt": (
        swap("orderables.toml", "needs_lot = true", "need_lot = true"),
        "orderables.toml: code flu-shot: 'need_lot' is not known.",
    ),
    "two pharmacies share an id": (
        swap("pharmacies.toml", "fa12ac00-0000-4000-8000-000000000002", "fa12ac00-0000-4000-8000-000000000001"),
        "pharmacies.toml: name Valencia Street Pharmacy: fa12ac00-0000-4000-8000-000000000001 is already used",
    ),
    "two medications share a code": (
        swap("medications.toml", 'code = "amlodipine-5"', 'code = "lisinopril-10"'),
        "medications.toml: code lisinopril-10: lisinopril-10 is already used",
    ),
    "hours at an unknown office": (
        swap("staff.toml", f'office = "{SF}"', 'office = "0ff1ce00-0000-4000-8000-0000000000ff"'),
        "staff.toml: name Ben Whitfield: has hours at 0ff1ce00-0000-4000-8000-0000000000ff, which is no office.",
    ),
    "hours that end before they begin": (
        swap("staff.toml", 'opens = "00:00", closes = "24:00"', 'opens = "18:00", closes = "09:00"'),
        "staff.toml: name Amara Okafor: closes at 09:00, not after it opens at 18:00.",
    ),
    "an hour outside the day": (
        swap("staff.toml", 'closes = "24:00"', 'closes = "25:00"'),
        "staff.toml: name Amara Okafor: 'hours'",
    ),
    "hours in two places at once": (
        swap(
            "staff.toml",
            f'{{ office = "{SF}"',
            f'{{ office = "{DENVER}", weekdays = [3], opens = "09:00", closes = "12:00" }},\n{{ office = "{SF}"',
        ),
        "staff.toml: name Ben Whitfield: has hours from 09:00 on Wednesday before those to 24:00 are over.",
    ),
    "a clinician without a licence where they work": (
        swap("staff.toml", '{ state = "CA", number = "A-104202"', '{ state = "NV", number = "A-104202"'),
        "staff.toml: name Ben Whitfield: has hours in CA and no licence for it.",
    ),
    "a holiday of no office": (
        swap(
            "practice.toml",
            "[[support_hours]]",
            '[[holidays]]\nday = 2027-01-01\nname = "New Year"\n'
            'office = "0ff1ce00-0000-4000-8000-0000000000ff"\n[[support_hours]]',
        ),
        "practice.toml: name New Year: there is no office 0ff1ce00-0000-4000-8000-0000000000ff.",
    ),
    "extra hours without a licence there": (
        swap(
            "staff.toml",
            'name = "Ben Whitfield"',
            'name = "Ben Whitfield"\n'
            f'extra_hours = [{{ office = "{DENVER}", day = 2027-01-02, opens = "09:00", closes = "12:00" }}]',
        ),
        "staff.toml: name Ben Whitfield: has extra hours in CO and no licence for it.",
    ),
    "extra hours that end before they begin": (
        swap(
            "staff.toml",
            'name = "Ben Whitfield"',
            'name = "Ben Whitfield"\n'
            f'extra_hours = [{{ office = "{SF}", day = 2027-01-02, opens = "12:00", closes = "09:00" }}]',
        ),
        "staff.toml: name Ben Whitfield: closes at 09:00 on 2027-01-02, not after it opens at 12:00.",
    ),
    "somebody away for no time": (
        swap(
            "staff.toml",
            'name = "Ben Whitfield"',
            'name = "Ben Whitfield"\naway = [{ first = 2027-01-02, last = 2027-01-01 }]',
        ),
        "staff.toml: name Ben Whitfield: is away from 2027-01-02 00:00 to 2027-01-01 24:00, which is never.",
    ),
    "a nurse who is away": (
        swap("staff.toml", 'name = "Noor Haddad"', 'name = "Noor Haddad"\naway = [{ first = 2027-01-02 }]'),
        "staff.toml: name Noor Haddad: only clinicians have hours to be away from.",
    ),
    "two rooms with one code": (
        swap("offices.toml", 'code = "two"', 'code = "one"'),
        "offices.toml: name Oakland: has two rooms 'one'.",
    ),
    "an office without a room": (
        lambda folder: (folder / "offices.toml").write_text(
            re.sub(r"rooms = \[.*?\n\]\n", "", (folder / "offices.toml").read_text(), count=1, flags=re.DOTALL)
        ),
        "offices.toml: name Oakland: has no room to see a patient in.",
    ),
    "a visit in a room that no office has": (
        swap("visit-types.toml", 'room = "exam"', 'room = "theatre"'),
        "visit-types.toml: code check-up: needs a room of the kind 'theatre', which no office has.",
    ),
    "a licence that has expired": (
        swap("staff.toml", 'number = "A-104202", expires = 2031-12-31', 'number = "A-104202", expires = 2026-05-31'),
        "staff.toml: name Ben Whitfield: the licence for CA expired on 2026-05-31.",
    ),
    "a licence for a state that is not open": (
        swap("staff.toml", 'state = "TX"', 'state = "AK"'),
        "staff.toml: name Dana Reyes: has a licence for AK, where the practice is not open.",
    ),
    "a clinician without a credential": (
        swap("staff.toml", 'credential = "NP"\n', ""),
        "staff.toml: name Chen Liu: a clinician needs 'credential'.",
    ),
    "a nurse who prescribes": (
        swap("staff.toml", 'name = "Noor Haddad"', 'name = "Noor Haddad"\nprescribes = true'),
        "staff.toml: name Noor Haddad: only clinicians see patients and prescribe.",
    ),
    "consults by somebody who may not prescribe": (
        swap("staff.toml", "prescribes = true\nvideo = false", "prescribes = false\nvideo = false"),
        "staff.toml: name Ben Whitfield: takes consults and may not prescribe.",
    ),
    "prices of somebody who takes no consults": (
        swap("staff.toml", "consults = true\nconsult_prices", "consult_prices"),
        "staff.toml: name Dana Reyes: has prices for consults and takes none.",
    ),
    "a price for a condition that does not exist": (
        swap("staff.toml", '{ "urinary-tract-infection" = 3700 }', '{ "urinary" = 3700 }'),
        "staff.toml: name Chen Liu: 'consult_prices' urinary: there is no such condition.",
    ),
    "a consult for nothing": (
        swap("staff.toml", '{ "urinary-tract-infection" = 3700 }', '{ "urinary-tract-infection" = 0 }'),
        "staff.toml: name Chen Liu: 'consult_prices' urinary-tract-infection: is nothing.",
    ),
    "a consult that costs more than the visit": (
        swap("staff.toml", '{ "urinary-tract-infection" = 3700 }', '{ "urinary-tract-infection" = 4901 }'),
        "staff.toml: name Chen Liu: 'consult_prices' urinary-tract-infection: is more than the visit costs, 4900.",
    ),
    "a team that does not exist": (
        swap("staff.toml", 'teams = ["support"]', 'teams = ["suport"]'),
        "staff.toml: name Sam Porter: there is no team 'suport'.",
    ),
    "a team that nobody is in": (
        swap("staff.toml", 'teams = ["privacy"]', 'teams = ["ops"]'),
        "staff.toml: team privacy: has nobody in it.",
    ),
    "an office whose lab is empty": (
        swap("staff.toml", f'teams = ["lab:{SF}"]', f'teams = ["room:{SF}"]'),
        "offices.toml: name San Francisco: nobody is in its lab team.",
    ),
    "an office no clinician works at": (
        swap("staff.toml", f'office = "{DENVER}"', f'office = "{SF}"'),
        "offices.toml: name Denver: no clinician has hours here.",
    ),
    "a time zone that does not exist": (
        swap("offices.toml", "America/Denver", "America/Dener"),
        "offices.toml: name Denver: 'America/Dener' is not a time zone.",
    ),
    "a patient in a state that is not open": (
        swap("patients.toml", 'state = "CO"', 'state = "AK"'),
        "patients.toml: name Jonas Weber: AK is not among the practice's states.",
    ),
    "an own clinician who may not treat there": (
        swap("patients.toml", "c1111c00-0000-4000-8000-000000000004", BEN),
        "patients.toml: name Jonas Weber: their own clinician has no licence for CO.",
    ),
    "an unknown pharmacy": (
        swap("patients.toml", "fa12ac00-0000-4000-8000-000000000007", "fa12ac00-0000-4000-8000-0000000000ff"),
        "patients.toml: name Jonas Weber: there is no pharmacy fa12ac00-0000-4000-8000-0000000000ff.",
    ),
    "an unknown proxy": (
        swap("patients.toml", 'proxies = ["9a71e000-0000-4000-8000-000000000003"]', f'proxies = ["{BEN}"]'),
        f"patients.toml: name Samira Khan: {BEN} cannot be their proxy.",
    ),
    "nobody on call on a Sunday": (
        swap("shifts.toml", "[1, 2, 3, 4, 5, 6, 7]", "[1, 2, 3, 4, 5, 6]"),
        "shifts.toml: nobody is on call from Sunday 08:00 to",
    ),
    "somebody on call without video": (
        swap("shifts.toml", "c1111c00-0000-4000-8000-000000000003", BEN),
        f"shifts.toml: clinician {BEN}: Ben Whitfield does not see patients by video.",
    ),
    "support that closes before it opens": (
        swap("practice.toml", 'opens = "00:00"\ncloses = "24:00"', 'opens = "18:00"\ncloses = "09:00"'),
        "practice.toml: support_hours 1: closes at 09:00, not after it opens at 18:00.",
    ),
    "support on no day": (
        swap("practice.toml", "weekdays = [1, 2, 3, 4, 5, 6, 7]", "weekdays = []"),
        "practice.toml: support_hours 1: is on no weekday.",
    ),
    "support in no time zone": (
        swap("practice.toml", "America/Los_Angeles", "America/Los_Angelos"),
        "practice.toml: support_hours 1: 'America/Los_Angelos' is not a time zone.",
    ),
    "support that is hardly ever open": (
        swap("practice.toml", 'closes = "24:00"', 'closes = "00:59"'),
        "practice.toml: support_hours: support is never open for a whole hour.",
    ),
    "a specialty nobody has": (
        swap("visit-types.toml", '["family-medicine", "internal-medicine"]', '["dermatology"]'),
        "visit-types.toml: code general: no clinician has one of its specialties.",
    ),
    "a phrase that chooses two visit types": (
        swap("visit-types.toml", '"cough", ', '"cough", "Fever", '),
        "visit-types.toml: code cough-cold: the phrase 'Fever' already chooses 'same-day'.",
    ),
    "no visit type for the rest": (
        swap("visit-types.toml", 'code = "general"', 'code = "general"\nphrases = ["everything"]'),
        "visit-types.toml: 0 visit types have no phrases",
    ),
    "no sign of an emergency": (
        without_signs,
        "emergency.toml: signs: is empty.",
    ),
    "a sign without a source": (
        swap("emergency.toml", "https://988lifeline.org", "988lifeline.org"),
        "emergency.toml: signs self-harm: does not say where it comes from.",
    ),
    "a sign with a list that is not there": (
        swap("emergency.toml", '["CHEST + PAIN"', '["CHEST + PANE"'),
        "emergency.toml: signs heart: \"CHEST + PANE\": there is no list 'PANE'.",
    ),
    "a sign that no word can be": (
        swap("emergency.toml", '"chestpain"', '"chest-pain"'),
        "emergency.toml: signs heart: \"chest-pain\": 'chest-pain' is no word, word*, #from-to or NAME.",
    ),
    "a list of words that stands for itself": (
        swap("emergency.toml", 'CHEST = ["chest"', 'CHEST = ["CHEST wall", "chest"'),
        "emergency.toml: words CHEST: \"CHEST wall\": 'CHEST' stands for itself.",
    ),
    "a sign said twice": (
        swap("emergency.toml", '"CHEST + TIGHT"', '"PAIN + CHEST"'),
        'emergency.toml: signs heart: "PAIN + CHEST" is said twice.',
    ),
    "a sign that is a denial": (
        swap("emergency.toml", '"CHEST + TIGHT"', '"CHEST + not"'),
        "emergency.toml: signs heart: \"CHEST + not\": 'not' alone is how people deny.",
    ),
    "a list of words that nothing uses": (
        swap("emergency.toml", "CHEST = [", 'ELBOW = ["elbow"]\nCHEST = ['),
        "emergency.toml: words ELBOW: is used by nothing.",
    ),
    "a sign without room for its parts": (
        swap("emergency.toml", "within = 4", "within = 1"),
        'emergency.toml: signs diabetes: "SUGAR + #10-54" has no room.',
    ),
    "a rule settled by nothing": (
        swap("due-rules.toml", 'order = "stool-test"', 'order = "colonoscopy"'),
        "due-rules.toml: code bowel-cancer-screening: 'colonoscopy' cannot be ordered.",
    ),
    "a rule for nobody": (
        swap("due-rules.toml", "youngest = 45", "youngest = 85"),
        "due-rules.toml: code bowel-cancer-screening: no one is at least 85 and at most 75.",
    ),
    "a rule without a source": (
        swap("due-rules.toml", 'source = "https://www.cdc.gov/acip-recs', 'source = "common knowledge'),
        "due-rules.toml: code flu-shot: does not say where it comes from.",
    ),
    "a pharmacy reached without TLS": (
        swap("pharmacies.toml", "{simulator}/", "http://pharmacy.example/"),
        "pharmacies.toml: name Castro Corner Pharmacy: 'http://pharmacy.example/",
    ),
    "an RxNorm code that is a name": (
        swap("medications.toml", 'rxnorm = "314076"', 'rxnorm = "lisinopril"'),
        "medications.toml: code lisinopril-10: 'lisinopril' is not an RxNorm code.",
    ),
}


def test_nothing_is_wrong_with_the_sample() -> None:
    assert check(SAMPLE, TODAY) == []


def test_the_sample_is_read_whole() -> None:
    practice = load(SAMPLE)
    assert len(practice.states) == 33
    assert {office.time_zone for office in practice.offices.values()} == {"America/Los_Angeles", "America/Denver"}
    assert practice.orderables["flu-shot"].needs_lot
    assert "stroke" in {sign.kind for sign in practice.emergency.signs}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_named(folder: Path, fault: str) -> None:
    plant, said = FAULTS[fault]
    plant(folder)
    assert any(str(problem).startswith(said) for problem in check(folder, TODAY)), check(folder, TODAY)
    assert all(problem.do for problem in check(folder, TODAY))


def test_every_fault_of_several_files_is_found_in_one_go(folder: Path) -> None:
    for fault in ("a rule without a source", "a team that nobody is in", "an RxNorm code that is a name"):
        FAULTS[fault][0](folder)
    assert {problem.file for problem in check(folder, TODAY)} == {"due-rules.toml", "staff.toml", "medications.toml"}


def test_a_service_refuses_a_practice_that_is_wrong(folder: Path) -> None:
    FAULTS["hours at an unknown office"][0](folder)
    with pytest.raises(PracticeWrong, match="which is no office"):
        load(folder)


def test_a_licence_running_out_does_not_stop_the_practice(folder: Path) -> None:
    FAULTS["a licence that has expired"][0](folder)
    assert load(folder).staff
