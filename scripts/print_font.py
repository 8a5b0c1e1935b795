"""Make a Chinese font ready for prints; end well without one, saying so.

- A font already in `src/liuhen/prints/fonts/`, or an installed one that is complete, is enough.
- Else the locked package of requirements/font.txt is unpacked into a temporary folder, its font and
  licence are copied out. It is never imported. Why this one: docs/adr/0003-print-font.md.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from liuhen.core.errors import LiuhenError
from liuhen.prints.fonts import BUNDLED, PrintFont, find_font

ROOT = Path(__file__).resolve().parent.parent
WANTED = ("*.ttf", "*.otf", "OFL.txt")


def main() -> int:
    """Status 0 always: everything but printing works without a font."""
    try:
        find_font(BUNDLED)
    except LiuhenError:
        _fetch_and_tell()
    return 0


def _fetch_and_tell() -> None:
    try:
        font = fetch(BUNDLED)
    except (OSError, subprocess.CalledProcessError, LiuhenError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip()
        print(f"中文字体没有取到，其余功能照常，打印暂不可用。\n{said}", file=sys.stderr)
        print(
            "怎么办：联网后再运行 make setup，或以管理员身份运行 apt-get install fonts-noto-cjk。",
            file=sys.stderr,
        )
    else:
        print(f"打印字体已就绪：{font.family}", file=sys.stderr)


def fetch(folder: Path) -> PrintFont:
    """Copy the locked package's font and licence into `folder`.

    Raises OSError, CalledProcessError (not to be had) and NoPrintFontError (had, but not complete).
    """
    uv = Path(sys.executable).parent / "uv"
    with tempfile.TemporaryDirectory(prefix="liuhen-font-") as scratch:
        lock = ROOT / "requirements" / "font.txt"
        command = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--target",
            scratch,
            "-r",
            lock,
        ]
        subprocess.run(command, check=True, capture_output=True, text=True)
        folder.mkdir(parents=True, exist_ok=True)
        for pattern in WANTED:
            for found in sorted(Path(scratch).rglob(pattern)):
                _place(found, folder / found.name)
    return find_font(folder, installed=False)


def _place(source: Path, target: Path) -> None:
    draft = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, draft)
    draft.replace(target)


if __name__ == "__main__":
    raise SystemExit(main())
