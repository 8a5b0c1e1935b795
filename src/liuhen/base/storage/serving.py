"""May this person have these bytes now, and where are they? The one function between people and bytes.

- "Not yours", "not there" and "your visit is over" are one answer: NotFoundError.
- Everything that can be looked at or listened to is part of a visit, which is an entry of the ledger; a thumbnail in a
  list needs only the right to the content. A copy that leaves the office as a file is a visit of its own kind.
- What a file is, is the analyser's word, never its name's. Only kinds that cannot run anything are shown in place;
  the rest, pages and drawings above all, leave as attachments of no known kind.
"""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from liuhen.base.ledger import publish
from liuhen.base.people.models import Account
from liuhen.base.recordings.models import Recording, Visit
from liuhen.base.recordings.selectors import NotFoundError, content_for
from liuhen.base.recordings.visits import visit_with
from liuhen.core.cards.filenames import safe_name

from . import derived
from .export import exported_name, proof_text, prove_recording, recorded_as
from .reading import derivative_in, original_in, record_of
from .stores import open_stores

UNKNOWN = "application/octet-stream"
_SHOWN = frozenset(
    {
        *("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp"),
        *("video/mp4", "video/quicktime", "video/3gpp", "video/webm", "video/x-matroska", "video/x-msvideo"),
        *("audio/mp4", "audio/wav", "audio/mpeg", "audio/ogg", "audio/flac", "audio/aac"),
    }
)
_MIME = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".json": "application/json",
    ".mp4": "video/mp4",
    ".m4a": "audio/mp4",
}


class Kind(StrEnum):
    ORIGINAL = "original"
    VIEWING = "viewing"
    THUMBNAIL = "thumbnail"
    STRIP = "strip"
    PEAKS = "peaks"
    SNAPSHOT = "snapshot"
    DOWNLOAD = "download"
    MEMBER = "member"


_PURPOSE = {
    **dict.fromkeys((Kind.ORIGINAL, Kind.VIEWING, Kind.STRIP, Kind.PEAKS, Kind.SNAPSHOT), Visit.Purpose.VIEW),
    Kind.DOWNLOAD: Visit.Purpose.DOWNLOAD,
}


@dataclass(frozen=True)
class Wanted:
    """`visit`: the token where the kind needs one; `name`: of a snapshot (its number) or of an export's member."""

    kind: Kind
    recording: uuid.UUID
    visit: str = ""
    name: str = ""


@dataclass(frozen=True)
class Served:
    """Bytes that may be handed out: whoever gets this closes `source`."""

    source: BinaryIO
    size: int
    mime: str
    etag: str | None
    name: str
    inline: bool
    path: Path | None = None  # where it lies, if it is a file


def serve(wanted: Wanted, *, by: Account, session: str, at: datetime) -> Served:
    """Raises NotFoundError; NoGoodCopyError where the stores have lost what the person may have."""
    purpose = _PURPOSE.get(wanted.kind)
    if purpose is None:
        recording = content_for(by, at).filter(pk=wanted.recording).first()
        if recording is None:
            raise not_there()
    else:
        visit = visit_with(
            wanted.visit, recording=wanted.recording, purpose=purpose, by=by, session=session, at=at
        )
        recording = visit.recording
    return _ROADS[wanted.kind](recording, wanted)


def not_there() -> NotFoundError:
    return NotFoundError("没有这项内容，或不属于您的权限。", remedy="请回到这条记录的页面，刷新后再试。")


# -- the roads


def _original(recording: Recording, _: Wanted) -> Served:
    mime = mime_of(recording)
    path = original_in(open_stores(), recording)
    return _file(path, mime, recording.sha256, recording.name, inline=mime in _SHOWN)


def _download(recording: Recording, _: Wanted) -> Served:
    path = original_in(open_stores(), recording)
    return _file(path, mime_of(recording), recording.sha256, exported_name(recording.name), inline=False)


def _snapshot(recording: Recording, wanted: Wanted) -> Served:
    still = recording.snapshots.filter(number=wanted.name).first()
    if still is None:
        raise not_there()
    path = derivative_in(open_stores(), recording, still.file, still.bytes)
    return _file(path, "image/png", still.sha256, f"{still.number}.png", inline=True)


def _derived(recording: Recording, wanted: Wanted) -> Served:
    """What was made for looking at: beside the store, and never evidence."""
    name = made_for(recording).get(wanted.kind)
    folder = derived.folder_of(recording.pk)
    if name is None or Path(name).name != name or not (folder / name).is_file():
        raise not_there()
    seen = (folder / name).stat()
    etag = f"{seen.st_mtime_ns:x}-{seen.st_size:x}"
    return _file(folder / name, _MIME.get(Path(name).suffix, UNKNOWN), etag, name, inline=True)


def made_for(recording: Recording) -> dict[str, str | None]:
    """File names of the derived kinds; empty while nothing has been made."""
    try:
        made = preview_told(recording)
        return {
            Kind.THUMBNAIL: made["thumbnail"],
            Kind.STRIP: (made["strip"] or {}).get("file"),
            Kind.PEAKS: made["peaks"],
            Kind.VIEWING: made["viewing"],
        }
    except (KeyError, TypeError, AttributeError):
        return {}


def _member(recording: Recording, wanted: Wanted) -> Served:
    make = _MEMBERS.get(wanted.name)
    if make is None:
        raise not_there()
    name, data = make(recording)
    mime = _MIME.get(Path(name).suffix, "text/plain; charset=utf-8")
    return Served(io.BytesIO(data), len(data), mime, None, name, inline=False)


_MEMBERS: dict[str, Callable[[Recording], tuple[str, bytes]]] = {
    "proof": lambda row: (f"{row.number}.tlog-proof", proof_text(prove_recording(row)).encode()),
    "entry": lambda row: ("entry.json", prove_recording(row).entry),
    "vkey": lambda row: ("vkey", publish.vkeys_text(row.agency.code).encode()),
    "record": lambda row: ("record.json", recorded_as(row, open_stores())),
}
_ROADS: dict[Kind, Callable[[Recording, Wanted], Served]] = {
    Kind.ORIGINAL: _original,
    Kind.DOWNLOAD: _download,
    Kind.SNAPSHOT: _snapshot,
    Kind.MEMBER: _member,
    **dict.fromkeys((Kind.VIEWING, Kind.THUMBNAIL, Kind.STRIP, Kind.PEAKS), _derived),
}


def mime_of(recording: Recording) -> str:
    """By the analyser's verdict; what cannot be shown safely is of no known kind."""
    mime = record_of(recording)["says"].get("mime")
    return mime if mime in _SHOWN else UNKNOWN


def needs_viewing_copy(recording: Recording) -> bool:
    """Do browsers fail at the original? By the codec that the analyser found, not by what they promise."""
    says = record_of(recording)["says"]
    media = recording.kind in (Recording.Kind.VIDEO, Recording.Kind.AUDIO, Recording.Kind.PHOTO)
    return media and not (says.get("playable_in_browser") and mime_of(recording) != UNKNOWN)


def preview_told(recording: Recording) -> dict[str, Any]:
    """What the making of previews said, findings and strip grid included; empty while nothing has been made."""
    return derived.told_of(recording.pk)


def _file(path: Path, mime: str, etag: str, name: str, *, inline: bool) -> Served:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise not_there() from error
    source = os.fdopen(fd, "rb", buffering=0)
    return Served(source, os.fstat(fd).st_size, mime, f'"{etag}"', safe_name(name), inline, path)
