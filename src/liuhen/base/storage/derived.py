"""Thumbnails, strips, waveforms and viewing copies: made after the card is released, from the stored bytes.

- They lie under LIUHEN_HOME/derived/<uuid>/ and are never evidence; deleting them is harmless.
- `preview.json` is written last: a folder without it is made again.
- A file nothing can be derived from says why in its `preview.json`; it is not tried again.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from liuhen.base import home
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.record import ORIGINAL_FOLDER
from liuhen.core.cards.filenames import safe_name
from liuhen.core.durable import replace_file
from liuhen.core.errors import LiuhenError
from liuhen.core.media.asking import Asks

from .stores import Stores, content_path

DONE = "preview.json"
WORKERS = 2


@dataclass(frozen=True)
class Derived:
    """What was made for one recording, or why not."""

    number: str
    folder: Path
    trouble: str = ""


@dataclass(frozen=True)
class _Job:
    key: uuid.UUID
    number: str
    content: str


OnDone = Callable[[Derived], None]


def folder_of(recording: uuid.UUID) -> Path:
    return home.derived_folder() / recording.hex[:2] / str(recording)


def missing(recordings: Iterable[Recording]) -> Iterator[Recording]:
    """Those whose derived files have not been made yet."""
    return (row for row in recordings if not (folder_of(row.pk) / DONE).exists())


def make_previews(recordings: Iterable[Recording], stores: Stores, analyser: Asks, *, on_done: OnDone) -> int:
    """Make what is missing; returns how many recordings were worked on. Trouble with one stops no other."""
    jobs = [_Job(row.pk, row.number, _content(row)) for row in missing(recordings)]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="derive") as pool:
        for derived in pool.map(lambda job: _make(job, stores, analyser), jobs):
            on_done(derived)
    return len(jobs)


def _content(recording: Recording) -> str:
    return content_path(recording.urn, "v1", f"{ORIGINAL_FOLDER}/{safe_name(recording.name)}")


def _make(job: _Job, stores: Stores, analyser: Asks) -> Derived:
    folder = folder_of(job.key)
    try:
        source = stores.first().local_path(job.content)
        if source is None:
            return Derived(job.number, folder, "存储不在本机")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        made = analyser.preview(source, folder)
        replace_file(folder / DONE, json.dumps(made, ensure_ascii=False).encode())
    except (LiuhenError, OSError) as error:
        return Derived(job.number, folder, str(error))
    return Derived(job.number, folder)
