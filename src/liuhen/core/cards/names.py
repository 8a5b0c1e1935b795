"""What a file's name and folder say of it.

- The name is one of four times a recording has (name, container, modification, dock); it is a claim, kept
  with its raw text and the zone assumed, and never corrected here.
- An impossible date leaves `taken_at` empty and a finding behind; the rest of the name still counts.
- A name that no profile knows is not an error: the file goes to 待归属. Nothing here raises on any text.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

from liuhen.core.cards.patterns import MAX_NAME_CHARS
from liuhen.core.cards.profile import KindText, NamePattern, Profile, zone_of

_KINDS: Final[dict[KindText, str]] = {
    "video": "mp4 m4v mov avi mkv 3gp 3g2 ts mts m2ts mpg mpeg vob flv wmv asf webm mxf dav h264 h265 hevc",
    "audio": "wav mp3 aac m4a amr awb wma ogg opus flac ac3 3ga",
    "photo": "jpg jpeg png bmp gif heic heif tif tiff webp dng",
}
_KIND_OF: Final[dict[str, KindText]] = {
    extension: kind for kind, extensions in _KINDS.items() for extension in extensions.split()
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class NameFinding:
    """Something about a name that a person should see: stable code, Chinese sentence."""

    code: str
    message: str


@dataclass(frozen=True)
class NameFacts:
    """What one name says. `taken_at` is aware; `zone` states the assumption it was read with."""

    profile_id: str | None
    serial: str | None
    officer: str | None
    taken_at: datetime | None
    zone: str | None
    sequence: int | None
    stream: str | None
    key_file: bool
    kind: KindText
    raw_ts: str | None
    findings: tuple[NameFinding, ...] = ()


def kind_of(name: str) -> KindText:
    """video, audio, photo or other, by extension alone (the media probe asks the bytes)."""
    return _KIND_OF.get(PurePosixPath(name).suffix[1:].lower(), "other")


def read_name(relative: PurePosixPath | str, profiles: Sequence[Profile]) -> NameFacts:
    """Read a path relative to the card's root. Never raises; an unknown name has `profile_id` None."""
    path = PurePosixPath(relative)
    found = _best_match(path, profiles)
    if found is None:
        return NameFacts(None, None, None, None, None, None, None, False, kind_of(path.name), None)
    profile, pattern, match = found
    groups = {name: text for name, text in match.groupdict().items() if text is not None}
    taken_at, zone, raw, findings = _taken_at(groups, pattern.zone or profile.zone)
    return NameFacts(
        profile_id=profile.id,
        serial=groups.get("serial"),
        officer=groups.get("officer"),
        taken_at=taken_at,
        zone=zone,
        sequence=int(groups["seq"]) if groups.get("seq", "").isdecimal() else None,
        stream=groups["stream"].upper() if "stream" in groups else None,
        key_file=_is_key_file(profile, path, groups),
        kind=kind_of(path.name),
        raw_ts=raw,
        findings=findings,
    )


def _best_match(
    path: PurePosixPath, profiles: Sequence[Profile]
) -> tuple[Profile, NamePattern, re.Match[str]] | None:
    """Of the profiles that fit the name, the one whose folder hint fits too, else one without hints."""
    if len(path.name) > MAX_NAME_CHARS:
        return None
    best, best_rank = None, 0
    for profile in profiles:
        rank = _rank(path, profile)
        if rank > best_rank and (fit := _fitting_pattern(path.name, profile)):
            best, best_rank = (profile, *fit), rank
    return best


def _rank(path: PurePosixPath, profile: Profile) -> int:
    if not profile.folders:
        return 2
    return 3 if _lies_in(path, profile.folders) else 1


def _fitting_pattern(name: str, profile: Profile) -> tuple[NamePattern, re.Match[str]] | None:
    for pattern in profile.patterns:
        if match := pattern.compiled.fullmatch(name):
            return pattern, match
    return None


def _lies_in(path: PurePosixPath, hints: Sequence[str]) -> bool:
    """Whether a hint such as `FalconOne/*` stands anywhere among the folders above the file."""
    folders = [part.casefold() for part in path.parts[:-1]]
    return any(_stands_in(hint.casefold().split("/"), folders) for hint in hints)


def _stands_in(wanted: list[str], folders: list[str]) -> bool:
    starts = range(len(folders) - len(wanted) + 1)
    return any(
        all(fnmatch.fnmatchcase(folders[start + step], part) for step, part in enumerate(wanted))
        for start in starts
    )


def _is_key_file(profile: Profile, path: PurePosixPath, groups: dict[str, str]) -> bool:
    rule = profile.key_file
    return (rule.group is not None and bool(groups.get(rule.group))) or _lies_in(path, rule.folders)


def _taken_at(
    groups: dict[str, str], zone: str
) -> tuple[datetime | None, str | None, str | None, tuple[NameFinding, ...]]:
    """The moment a name claims, its zone, its raw text, and a finding when no calendar has that moment."""
    try:
        if raw := groups.get("ms"):
            return _plausible(_EPOCH + timedelta(milliseconds=int(raw))), "UTC", raw, ()
        raw = groups.get("ts") or "_".join(filter(None, (groups.get("date"), groups.get("time"))))
        if not raw:
            return None, None, None, ()
        return _moment(raw, zone), zone, raw, ()
    except (ValueError, OverflowError):
        message = f"文件名里的时间「{raw}」不是一个可能的时间，请以设备登记和文件内的时间为准。"
        return None, zone, raw, (NameFinding("impossible_name_time", message),)


def _moment(raw: str, zone: str) -> datetime:
    """`20260716093000`, `20260716_093000`, either with a fraction of the second behind it."""
    digits = re.sub(r"[^0-9]", "", raw)
    moment = datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=zone_of(zone))
    return _plausible(moment.replace(microsecond=int(digits[14:20].ljust(6, "0"))))


def _plausible(moment: datetime) -> datetime:
    """Years 0001 and 9999 parse, and overflow as soon as somebody converts the zone."""
    if not 1970 <= moment.year < 2200:
        raise ValueError(f"year {moment.year}")
    return moment
