"""Make `.venv`, exactly as locked, with nothing but Python: run by `make` and by `python3 -m deploy`."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
PYTHON = FOLDER / "bin" / "python"
STAMP = FOLDER / ".made-from"
LOCK = ROOT / "requirements-dev.lock"
PROJECTS = (ROOT / "shared" / "events", ROOT)
OLDEST = (3, 11)


def ensure() -> Path:
    """The environment's Python; makes or brings up to date the environment when the lock has changed."""
    if sys.version_info < OLDEST:
        sys.exit(f"Baton needs Python {'.'.join(map(str, OLDEST))} or newer; this is {sys.version.split()[0]}.")
    with (ROOT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = _made_from()
        if not STAMP.exists() or STAMP.read_text(encoding="ascii") != wanted:
            print("Making the environment in .venv; this takes a minute the first time.", flush=True)
            _make()
            STAMP.write_text(wanted, encoding="ascii")
    return PYTHON


def _made_from() -> str:
    return hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()


def _make() -> None:
    if not PYTHON.exists():
        _run(sys.executable, "-m", "venv", str(FOLDER))
    pip = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    _run(*pip, "--require-hashes", "-r", str(LOCK))
    editable = [word for project in PROJECTS for word in ("-e", str(project))]
    _run(*pip, "--no-deps", "--no-build-isolation", *editable)


def _run(*command: str) -> None:
    ran = subprocess.run(  # noqa: S603 - this Python and pip
        command, check=False, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if ran.returncode:
        sys.exit(f"{ran.stdout}\nMaking the environment failed at: {' '.join(command[:6])} …")


if __name__ == "__main__":
    ensure()
