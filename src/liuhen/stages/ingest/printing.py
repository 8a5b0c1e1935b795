"""Printing a receipt, in a process of its own when it is long: the typesetter keeps the memory it took.

`python -m liuhen.stages.ingest.printing TARGET` reads the receipt (JSON) from standard input.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from liuhen.core.durable import replace_file
from liuhen.core.errors import LiuhenError
from liuhen.prints.receipt import receipt_pdf

SHORT = 40  # files; up to here the typesetter takes less than a process costs
_PATIENCE = 300  # seconds


class NotPrintedError(LiuhenError):
    code = "not_printed"


def print_apart(receipt: dict[str, Any], target: Path) -> None:
    """The PDF at `target`. Raises what receipt_pdf raises, OSError, and NotPrintedError."""
    if len(receipt["files"]) <= SHORT:
        replace_file(target, receipt_pdf(receipt))
        return
    command = [sys.executable, "-P", "-m", __name__, str(target)]
    try:
        raw = json.dumps(receipt).encode()
        done = subprocess.run(command, input=raw, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired as error:
        raise _not_printed("超过时限") from error
    if done.returncode:
        raise _not_printed(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])


def _not_printed(why: str) -> NotPrintedError:
    return NotPrintedError(
        f"回执没有打印成功（{why}）。", remedy="回执本身有效；稍后用 liuhen receipt 编号 --pdf 重新打印。"
    )


def main() -> int:
    """Print what standard input says to the path given."""
    target = Path(sys.argv[1])
    try:
        replace_file(target, receipt_pdf(json.load(sys.stdin)))
    except (LiuhenError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
