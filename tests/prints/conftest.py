from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from liuhen.prints.fonts import NoPrintFontError, print_font


@pytest.fixture(scope="session")
def font() -> object:
    """The machine's print font; a machine that could fetch none skips, saying so."""
    try:
        return print_font()
    except NoPrintFontError as error:
        pytest.skip(f"PRINTS ARE NOT TESTED: {error}")


@pytest.fixture
def poppler(tmp_path: Path) -> Callable[..., str]:
    """`poppler(tool, pdf, *options)`: what a tool of poppler-utils prints about a PDF."""

    def run(tool: str, pdf: bytes, *options: str) -> str:
        if shutil.which(tool) is None:
            pytest.skip(f"PRINTS ARE NOT TESTED: {tool} is absent (apt-get install poppler-utils)")
        path = tmp_path / "print.pdf"
        path.write_bytes(pdf)
        to_stdout = ["-"] if tool == "pdftotext" else []
        done = subprocess.run(
            [tool, *options, str(path), *to_stdout], capture_output=True, text=True, check=True
        )
        return done.stdout

    return run
