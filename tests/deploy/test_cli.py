import shutil
from pathlib import Path

import pytest

from deploy.cli import main

SAMPLE = Path(__file__).parents[2] / "deploy" / "practice"


def test_a_sound_practice_is_said_to_be_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["practice", "check", str(SAMPLE)]) == 0
    assert "Nothing is wrong with" in capsys.readouterr().out


def test_every_problem_of_a_practice_is_printed_with_its_file_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(SAMPLE, tmp_path / "practice"))
    (folder / "shifts.toml").unlink()
    (folder / "emergency.toml").write_text("signs = []\n")
    assert main(["practice", "check", str(folder)]) == 1
    said = capsys.readouterr().out
    assert "shifts.toml: is missing. Copy it from deploy/practice and put your own data in." in said
    assert "emergency.toml: 'title' is missing. Add it." in said
    assert "to put right in" in said


@pytest.mark.parametrize("words", [["events", "tail"], ["audit", "verify"], ["dead-letters", "list"]])
def test_where_nothing_has_run_yet_the_command_says_so(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BATON_HOME", str(tmp_path))
    assert main(words) == 1
    assert "nothing has run here yet. `baton up` starts the practice." in capsys.readouterr().err


def test_where_the_practice_does_not_run_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BATON_HOME", str(tmp_path))
    monkeypatch.setenv("BATON_NATS_URL", "nats://127.0.0.1:1")
    assert main(["secrets"]) == 0
    assert main(["audit", "verify"]) == 1
    assert "Is the practice running? `baton up` starts it." in capsys.readouterr().err
