from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def analyser() -> Iterator[Any]:
    """One running analyser for the session."""
    from liuhen.core.media.sandbox import Analyser

    with Analyser() as running:
        yield running
