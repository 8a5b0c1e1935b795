"""`make bench`: every line of floor 1 against its yardsticks, and docs/reference/performance.md written anew.

- Each line runs in a process of its own, in a folder of its own below `build/`, on the disk of the checkout.
- `--scale 1` is the size of the goals (4 GiB); the default is small enough for a whole run in ten minutes.
- With `--only` nothing is written to the documents: a part is no run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import machine
from report import as_markdown, as_text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
REPORT = ROOT / "docs" / "reference" / "performance.md"
LINES = (
    "ingest",
    "photos",
    "dock",
    "memory",
    "fixity",
    "ledger",
    "probe",
    "ranges",
    "search",
    "pages",
    "rules",
    "deadlines",
    "matching",
)
DEFAULT_SCALE = 0.25


def main() -> int:
    options = _options()
    if options.child:
        return _child(options.child, Path(options.folder), options.scale)
    facts, started = machine(), time.monotonic()
    figures, failed = [], []
    for line in options.only or LINES:
        print(f"—— {line}", flush=True)
        found = _in_a_process(line, options.scale, options.folder)
        if found is None:
            failed.append(line)
        for figure in found or []:
            print(as_text(figure), flush=True)
            figures.append(figure)
    minutes = (time.monotonic() - started) / 60
    facts["load after"] = machine()["load"]
    if not options.only and not failed:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(as_markdown(figures, facts, options.scale, minutes), encoding="utf-8")
        print(f"written: {REPORT.relative_to(ROOT)} ({minutes:.0f} min)")
    for line in failed:
        print(f"failed: {line}", file=sys.stderr)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=DEFAULT_SCALE, help="1 is the size of the goals")
    parser.add_argument("--only", nargs="+", choices=LINES, help="some lines only; no document is written")
    parser.add_argument("--folder", help="where to work (default: below build/)")
    parser.add_argument("--child", choices=LINES, help=argparse.SUPPRESS)
    return parser.parse_args()


def _in_a_process(line: str, scale: float, parent: str | None) -> list[dict[str, object]] | None:
    within = Path(parent) if parent else ROOT / "build"
    within.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=f"bench-{line}-", dir=within))
    try:
        command = [sys.executable, __file__, "--child", line, "--folder", place, "--scale", str(scale)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("LIUHEN_")}
        done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _child(line: str, folder: Path, scale: float) -> int:
    """Measure one line; the figures go to standard output, whatever a measured program prints to standard error."""
    answer = os.dup(1)
    os.dup2(2, 1)
    figures = importlib.import_module(f"line_{line}").measure(folder, scale)
    with os.fdopen(answer, "w", encoding="utf-8") as out:
        json.dump([figure.as_json() for figure in figures], out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
