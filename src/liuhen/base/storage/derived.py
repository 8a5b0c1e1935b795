"""Thumbnails, strips, waveforms and viewing copies: made after the card is released, from the stored bytes.

- They lie under LIUHEN_HOME/derived/<uuid>/ and are never evidence; deleting them is harmless.
- `preview.json` is written last: a folder without it is made again.
- What was measured on the way becomes findings (measured.py).
- A file nothing can be derived from says why in its `preview.json`; it is not tried again.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from liuhen.base import home
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.record import ORIGINAL_FOLDER
from liuhen.core.cards.filenames import safe_name
from liuhen.core.durable import replace_file
from liuhen.core.errors import LiuhenError
from liuhen.core.media.asking import Asks

from .measured import note_measured
from .stores import Stores, content_path

DONE = "preview.json"
WORKERS = 2


@dataclass(frozen=True)
class Derived:
    """What was made for one recording, or why not."""

    number: str
    folder: Path
    trouble: str = ""
    told: dict[str, Any] = field(default_factory=dict)  # what `preview.json` says


@dataclass(frozen=True)
class _Job:
    key: uuid.UUID
    number: str
    content: str


OnDone = Callable[[Derived], None]


def folder_of(recording: uuid.UUID) -> Path:
    return home.derived_folder() / recording.hex[:2] / str(recording)


def told_of(recording: uuid.UUID) -> dict[str, Any]:
    """What the making of previews said, findings and strip grid included; empty while nothing has been made."""
    try:
        told = json.loads((folder_of(recording) / DONE).read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def missing(recordings: Iterable[Recording]) -> Iterator[Recording]:
    """Those whose derived files have not been made yet."""
    return (row for row in recordings if not (folder_of(row.pk) / DONE).exists())


def make_previews(recordings: Iterable[Recording], stores: Stores, analyser: Asks, *, on_done: OnDone) -> int:
    """Make what is missing; returns how many recordings were worked on. Trouble with one stops no other."""
    rows = list(missing(recordings))
    jobs = [_Job(row.pk, row.number, _content(row)) for row in rows]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="derive") as pool:
        for row, derived in zip(rows, pool.map(lambda job: _make(job, stores, analyser), jobs), strict=True):
            note_measured(row, derived.told)
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
    return Derived(job.number, folder, told=made)
