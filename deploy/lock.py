"""Lock the dependencies: what pyproject.toml asks for, resolved for every Python and platform, with hashes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.environment import ROOT

OWN = "baton-events"
LOCKS = {"requirements.lock": (), "requirements-dev.lock": ("--extra", "dev")}


def lock() -> None:
    """Write both locks anew; packages that still fit keep their versions."""
    asked = "\n".join(line for line in (ROOT / "pyproject.toml").read_text().splitlines() if f'"{OWN}"' not in line)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text(asked)
        for name, extra in LOCKS.items():
            (Path(folder) / name).write_text((ROOT / name).read_text() if (ROOT / name).exists() else "")
            _compile(Path(folder), name, extra)
            (ROOT / name).write_text((Path(folder) / name).read_text())


def _compile(folder: Path, name: str, extra: tuple[str, ...]) -> None:
    uv = Path(sys.executable).parent / "uv"
    options = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", *extra]
    subprocess.run([uv, "pip", "compile", *options, "pyproject.toml", "-o", name], check=True, cwd=folder)  # noqa: S603


if __name__ == "__main__":
    lock()
