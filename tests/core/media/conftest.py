from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[4] / "shared" / "media"


@pytest.fixture
def probe() -> Callable[..., dict[str, Any]]:
    """The probe as the child runs it, in this process: only for files made by the tests themselves."""
    from liuhen.core.media.probe import probe_source

    def run(path: Path, name: str | None = None) -> dict[str, Any]:
        with path.open("rb") as source:
            return probe_source(source, name or path.name, str(path))

    return run


@pytest.fixture(scope="session")
def analyser() -> Iterator[Any]:
    """One running analyser for the session, with its test requests switched on."""
    from liuhen.core.media.child import TESTING
    from liuhen.core.media.sandbox import Analyser

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TESTING, "1")
        with Analyser() as running:
            yield running


@pytest.fixture
def shared_media() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the collection of real files is not here: {SHARED}")
    return SHARED
