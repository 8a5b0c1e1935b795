"""An office with a real film, a sound and a photo in store, made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from corpus.media.media_makers import make_photo, make_sound, make_video
from the_office import AT

from liuhen.base.recordings.models import Recording

FILM = "4701A01_100001_20261120093000_0001.mp4"
PHOTO = "4701A01_100001_20261120093100_0002.jpg"
SOUND = "4701A01_100001_20261120093200_0003.wav"
PAGE = "4701A01_100001_20261120093300_0004.mp4"  # a web page that calls itself a film


def _take_in(people: SimpleNamespace, folder: Path) -> None:
    from liuhen.stages.ingest.services import Request, ingest_card

    card = folder / "film-card"
    card.mkdir()
    make_video(card / FILM, seconds=2)
    make_photo(card / PHOTO)
    make_sound(card / SOUND)
    (card / PAGE).write_bytes(b"<!DOCTYPE html><script>alert(1)</script>" + b" " * 600)
    ingest_card(Request(card, people.custodian), at=AT)


def _take_in_and_preview(people: SimpleNamespace, folder: Path) -> None:
    from liuhen.base.storage import derived
    from liuhen.base.storage.stores import open_stores
    from liuhen.core.media.sandbox import Analyser

    _take_in(people, folder)
    with Analyser() as analyser:
        derived.make_previews(Recording.objects.all(), open_stores(), analyser, on_done=lambda made: None)


@pytest.fixture
def filmed(home: Path, filled: Callable[..., Any]) -> Path:
    """The cast's home with a film of two seconds, a photo, a sound and a page in disguise, all of the officer."""
    filled(_take_in)
    return home


@pytest.fixture
def previewed(home: Path, filled: Callable[..., Any]) -> Path:
    """The same, previews made."""
    filled(_take_in_and_preview)
    return home


def film_of(name: str = FILM) -> Recording:
    return Recording.objects.get(name=name)
