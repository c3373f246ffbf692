"""baton-events installs alone: a wheel, its three dependencies, and nothing of the services."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec

from baton_events import TYPES

ROOT = Path(__file__).parents[2] / "shared/events"
SITE = Path(msgspec.__file__).parents[1]
DEPENDENCIES = ("msgspec", "nats", "nkeys", "nacl", "cffi", next(path.name for path in SITE.glob("_cffi_backend*")))


def test_the_wheel_works_without_the_repository(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(command, cwd=source, check=True, capture_output=True)  # noqa: S603 - our own command
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
        names = archive.namelist()
    assert f"baton_events/schemas/{next(iter(TYPES))}.json" in names
    assert "baton_events/py.typed" in names
    for name in DEPENDENCIES:
        (tmp_path / "site" / name).symlink_to(SITE / name)
    (imported,) = _run(tmp_path / "site").splitlines()
    assert imported == str(tmp_path / "site/baton_events/subscriber.py")


def _run(site: Path) -> str:
    """What a fresh interpreter prints that sees nothing but the folder."""
    program = (
        f"import sys; sys.path.append({str(site)!r})\n"
        "from baton_events import describe, subscriber\n"
        "assert describe.shipped_schema('care.booking.v1.appointment.booked')\n"
        "print(subscriber.__file__)\n"
    )
    command = [sys.executable, "-I", "-S", "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own command


def test_the_readme_shows_ten_lines_that_compile() -> None:
    (program,) = re.findall("```python\n(.+?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line for line in program.splitlines() if line.strip()]
    assert len(lines) <= 10
    compile(program, "README.md", "exec")
