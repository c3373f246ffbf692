"""Measure everything in one sitting: `python -m tests.bench` prints ratios to a yardstick taken in the same minutes."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from tests.bench.measures import measure
from tests.bench.stack import bench_stack


async def main(seconds: float) -> tuple[dict[str, float], dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as home:
        async with bench_stack(Path(home)) as stack:
            return await measure(stack, seconds)


def report(ratios: dict[str, float], facts: dict[str, float], out: Path) -> None:
    for name, value in facts.items():
        print(f"{name} {value}")
    for name, value in ratios.items():
        print(f"ratio {name} {value:.4g}")
    out.write_text(json.dumps({"ratios": ratios, "facts": facts}, indent=2) + "\n")


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument("--seconds", type=float, default=8.0, help="how long each load lasts")
    options.add_argument("--out", type=Path, default=Path("bench.json"), help="where the figures go, as JSON")
    chosen = options.parse_args()
    report(*asyncio.run(main(chosen.seconds)), chosen.out)
