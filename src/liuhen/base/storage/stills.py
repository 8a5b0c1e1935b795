"""截图: an exact still of a film, kept as a numbered derivative in the recording's own object.

- Decoded from the stored original in the analyser's child process; what a browser drew is never kept.
- Its number is the recording's with -S01, -S02 …, never given twice; its two digests stand in the ledger's entry
  and in `record.json`, its bytes under `derivatives/` in every store, in the version that the entry names.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from liuhen.base.acts import ask
from liuhen.base.clock import parse_stamp, stamp
from liuhen.base.people.models import Account
from liuhen.base.recordings import acts as custody
from liuhen.base.recordings.models import Recording, Snapshot
from liuhen.base.recordings.record import DERIVATIVES, SNAPSHOTS
from liuhen.core.digests import digests_of
from liuhen.core.errors import RefusedError
from liuhen.core.media.sandbox import Analyser

from .reading import original_in
from .stores import Stores
from .versions import Change, Record, add_version


class NotAFilmError(RefusedError):
    code = "not_a_film"


def take_still(
    recording: Recording, seconds: float, stores: Stores, *, by: Account, at: datetime
) -> Snapshot:
    """The picture on the screen `seconds` after the start. Raises NotAllowedError, NotAFilmError, NoPictureError,
    BusyError, and what the stores raise."""
    ask(custody.SNAPSHOT, recording, by=by, at=at)
    if recording.kind != Recording.Kind.VIDEO:
        raise NotAFilmError(
            f"{recording.number} 不是录像，没有可截取的画面。", remedy="照片请直接查看或导出原件。"
        )
    picture, told = _decoded(recording, max(0.0, seconds), stores)

    def change_of(record: Record) -> Change:
        one = _described(recording, record, picture, told, by=by, at=at)
        return Change(
            told={SNAPSHOTS: [*record.get(SNAPSHOTS, []), one]},
            files={one["file"]: picture},
            data={
                "snapshot": one["number"],
                "sha256": one["sha256"],
                "sm3": one["sm3"],
                "bytes": one["bytes"],
                "time_us": one["time_us"],
            },
            rows=[snapshot_from_record(recording, one)],
        )

    _, change = add_version(recording, custody.SNAPSHOT, change_of, stores, by=by, at=at)
    return cast(Snapshot, change.rows[0])


def _decoded(recording: Recording, seconds: float, stores: Stores) -> tuple[bytes, dict[str, Any]]:
    source = original_in(stores, recording)
    with tempfile.TemporaryDirectory(prefix="liuhen-still-") as folder, Analyser(workers=1) as analyser:
        told = analyser.still(source, Path(folder), seconds)
        return (Path(folder) / told["file"]).read_bytes(), told


def _described(
    recording: Recording,
    record: Record,
    picture: bytes,
    told: dict[str, Any],
    *,
    by: Account,
    at: datetime,
) -> dict[str, Any]:
    """The still as `record.json` tells it."""
    number = f"{recording.number}-S{len(record.get(SNAPSHOTS, [])) + 1:02d}"
    digests = digests_of(picture)
    return {
        "number": number,
        "file": f"{DERIVATIVES}/{number}.png",
        "sha256": digests.sha256,
        "sm3": digests.sm3,
        "bytes": digests.size,
        "time_us": round(told["seconds"] * 1_000_000),
        "pts": told["pts"],
        "time_base": told["time_base"],
        "width": told["width"],
        "height": told["height"],
        "rotation": told["rotation"],
        "of": recording.sha256,
        "taken": {"at": stamp(at), "by": {"account": by.username, "name": by.name}},
    }


def snapshot_from_record(recording: Recording, told: dict[str, Any]) -> Snapshot:
    """An unsaved row; the same way when it is taken and when the database is made again."""
    return Snapshot(
        recording=recording,
        number=told["number"],
        file=told["file"],
        sha256=told["sha256"],
        sm3=told["sm3"],
        bytes=told["bytes"],
        time_us=told["time_us"],
        width=told["width"],
        height=told["height"],
        taken_at=parse_stamp(told["taken"]["at"]),
        taken_by=told["taken"]["by"]["name"],
    )
