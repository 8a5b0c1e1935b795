"""An office whose demo card is in store, previews made: what the stories of the recording page stand on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from the_office import AT

from liuhen.base.clock import SHANGHAI

SERIAL, OFFICER = "4701A01", "100001"
STARTED = datetime(2026, 11, 20, 9, 30, tzinfo=SHANGHAI)


@pytest.fixture(scope="session")
def demo_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three films, the second with a gap, a photo and a sound."""
    from liuhen.demo.card import make_demo_card

    card = tmp_path_factory.mktemp("demo") / "card"
    make_demo_card(card, serial=SERIAL, officer=OFFICER, started=STARTED)
    return card


@pytest.fixture
def carded(home: Path, filled: Callable[..., Any], demo_card: Path) -> Path:
    def with_the_demo_card(people: SimpleNamespace, _: Path) -> None:
        take_in(demo_card, people.custodian)

    filled(with_the_demo_card)
    return home


def take_in(card: Path, custodian: Any, *, previews: bool = True) -> None:
    from liuhen.base.recordings.models import Recording
    from liuhen.base.storage import derived
    from liuhen.base.storage.stores import open_stores
    from liuhen.core.media.sandbox import Analyser
    from liuhen.stages.ingest.services import Request, ingest_card

    ingest_card(Request(card, custodian), at=AT)
    if previews:
        with Analyser() as analyser:
            derived.make_previews(Recording.objects.all(), open_stores(), analyser, on_done=lambda made: None)


def recording_like(part: str) -> Any:
    from liuhen.base.recordings.models import Recording

    return Recording.objects.get(name__contains=part)


def card_of(folder: Path, *sources: Path) -> Path:
    """A folder of foreign files, copied for the test's time."""
    folder.mkdir()
    for source in sources:
        shutil.copyfile(source, folder / source.name)
    return folder


def wait_for_picture(page: Any) -> None:
    """The first picture is on the screen and has a size."""
    page.locator("#player[data-frame]").wait_for(state="attached")
    assert page.evaluate("document.querySelector('#player video').videoWidth") > 0
