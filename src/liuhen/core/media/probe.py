"""The probe of one file, run in the child process of server.py and nowhere else.

- Looks at the bytes first (sniff.py), then asks Pillow (photos) or FFmpeg (the rest); documents and archives
  are named and left alone.
- Whatever the file does, the answer is a result in the contract's shape with findings; only running out of
  memory is left to the server to report.
"""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import av.error

from .contract import Probe, add, blank, note_times
from .packets import FileFacts, error_text, read_file
from .photo import probe_photo
from .sniff import HEAD_BYTES, MEDIA_EXTENSIONS, Kind, disagrees, extension_of, short_name, sniff
from .stream import note_streams
from .structure import note_structure
from .version import analyser_version


def probe_source(source: BinaryIO, name: str, path: str) -> Probe:
    """Probe an open regular file. `name` is what the card called it, `path` what the result shall say."""
    size = os.fstat(source.fileno()).st_size
    result = blank(path, size, analyser_version())
    if size == 0:
        add(result, "zero_byte")
        return result
    head = source.read(HEAD_BYTES)
    kind = sniff(head)
    if kind is not None:
        result |= {"container": kind.container, "mime": kind.mime, "kind": kind.kind}
        if disagrees(name, kind.family):
            add(result, "wrong_extension", extension=extension_of(name), found=kind.container)
    if kind is not None and kind.kind == "other":
        add(result, "not_media", found=kind.container)
    elif kind is not None and kind.kind == "photo" and kind.container != "heic":
        probe_photo(result, source, size)
    else:
        _probe_streams(result, source, size, kind, name, head)
    return result


def _probe_streams(
    result: Probe, source: BinaryIO, size: int, kind: Kind | None, name: str, head: bytes
) -> None:
    family = kind.family if kind else ""
    boxes = note_structure(result, source, size, family)
    try:
        # By descriptor: the name's extension must not sway the demuxer, nor a rename send it elsewhere.
        facts = read_file(f"/proc/self/fd/{source.fileno()}")
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError, OSError, EOFError) as error:
        _not_opened(result, kind, name, head, error_text(error))
        return
    if kind is None and not any(stream.decoded for stream in facts.streams):
        _not_opened(result, kind, name, head, "无法识别")
        return
    _settle_kind(result, facts, kind, name)
    note_streams(result, facts, boxes, family)
    if result["kind"] == "photo":
        result |= {"frames": 1, "duration": None, "gaps": []}


def _settle_kind(result: Probe, facts: FileFacts, kind: Kind | None, name: str) -> None:
    """Sound in a film's container is audio; a kind known only to FFmpeg gets its short name."""
    video = facts.of_kind("video")
    if kind is None:
        container = short_name(facts.format_name)
        result |= {"container": container, "mime": f"{'video' if video else 'audio'}/{container}"}
        if disagrees(name, container):
            add(result, "wrong_extension", extension=extension_of(name), found=container)
    if result["kind"] != "photo" and facts.streams:
        result["kind"] = "video" if video else "audio"


def _not_opened(result: Probe, kind: Kind | None, name: str, head: bytes, reason: str) -> None:
    if kind is None and extension_of(name) not in MEDIA_EXTENSIONS:
        add(result, "not_media", found=_guess(head))
        return
    add(result, "unreadable", reason=reason)
    note_times(result)


def _guess(head: bytes) -> str:
    """A name for what is neither picture nor sound."""
    if _is_text(head):
        return "文本"
    import puremagic  # here, not above: its tables are needed for strange files only

    try:
        found: list[Any] = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError, UnicodeError):
        found = []
    names = [str(one.name) for one in found if one.name]
    return names[0] if names else "未知格式"


def _is_text(head: bytes) -> bool:
    for coding in ("utf-8", "gb18030"):
        try:
            head[:-4].decode(coding) if len(head) > 8 else head.decode(coding)
        except UnicodeDecodeError:
            continue
        return b"\0" not in head
    return False
