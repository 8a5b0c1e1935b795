"""The terminal for tests: `liuhen("list", "--json")` in this process, as a person would type it."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog


@dataclass(frozen=True)
class Said:
    """What one command came to."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


Terminal = Callable[..., Said]


@pytest.fixture
def liuhen(capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    from liuhen.cli.main import main

    mask = os.umask(0o022)

    def run(*words: object) -> Said:
        capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as left:
            status = int(left.code or 0)
        out, err = capsys.readouterr()
        return Said(status, out, err)

    yield run
    os.umask(mask)
    structlog.reset_defaults()
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
