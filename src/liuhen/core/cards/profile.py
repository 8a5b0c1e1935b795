"""Card profiles: data that says how one kind of recorder names its files and marks its card.

- A profile is a YAML 1.2 file, one kind of recorder each; the office adds its own beside the built-in ones,
  without code. An office profile with a built-in `id` replaces it.
- Profiles of a later folder are asked first, and within a folder by file name (10-…, 20-…).
- `source` says where the pattern is known from; `[K?]` means: likely, not read in a standard's text.
- `examples` are part of the profile: a name and what must be read from it, run by `check_profile`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta, timezone
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from liuhen.core.cards.errors import ProfileError
from liuhen.core.cards.patterns import compile_pattern

BUILT_IN: Final = Path(__file__).parent / "profiles"
_MAX_PROFILE_BYTES: Final = 256 * 1024


def _judged(text: str) -> str:
    compile_pattern(text)
    return text


PatternText = Annotated[str, AfterValidator(_judged)]
ZoneText = Annotated[str, Field(pattern=r"^(UTC|[+-](0\d|1[0-4]):[0-5]\d)$")]
KindText = Literal["video", "audio", "photo", "other"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NamePattern(_Data):
    """One regular expression for a whole file name (without folders)."""

    regex: PatternText
    zone: ZoneText | None = None  # where this pattern's time differs from the profile's
    note: str = ""

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return compile_pattern(self.regex)


class KeyFileRule(_Data):
    """How the device marks a key file (重点文件): the group `imp` in the name, or a folder it is moved to."""

    group: Literal["imp"] | None = "imp"
    folders: tuple[str, ...] = ()


class IniRule(_Data):
    """Settings the device leaves in the card's root: file names, and the keys that name its bearer."""

    files: tuple[str, ...] = Field(min_length=1)
    serial: tuple[str, ...] = ()
    officer: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()


class CardRule(_Data):
    """What the card as a whole says of its recorder, when its file names do not."""

    volume_label: PatternText | None = None
    ini: IniRule | None = None


class Expectation(_Data):
    """What must be read from an example's name; only what is written is compared."""

    matches: bool = True
    serial: str | None = None
    officer: str | None = None
    taken_at: str | None = None  # ISO 8601 with offset
    zone: str | None = None
    sequence: int | None = None
    stream: str | None = None
    key_file: bool = False
    kind: KindText = "other"
    findings: tuple[str, ...] = ()


class Example(_Data):
    """A name as met on a card, and what this profile reads from it."""

    name: str = Field(min_length=1)
    expect: Expectation


class Profile(_Data):
    """One kind of recorder. `zone` is the assumption for times written without one."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$")
    title: str = Field(min_length=1)
    source: str = Field(min_length=1)
    zone: ZoneText = "+08:00"
    patterns: tuple[NamePattern, ...] = ()
    folders: tuple[str, ...] = ()  # hints: they choose between profiles whose patterns both fit
    key_file: KeyFileRule = KeyFileRule()
    card: CardRule | None = None
    examples: tuple[Example, ...] = ()


def zone_of(text: str) -> timezone:
    """`UTC` or `+08:00` as a fixed offset."""
    if text == "UTC":
        return timezone.utc  # noqa: UP017 - `datetime.UTC` is this object; the type is what is meant here
    hours, minutes = int(text[1:3]), int(text[4:6])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def read_profile(path: Path) -> Profile:
    """Read one profile file.

    Raises ProfileError (code profile_unreadable or profile_invalid) naming the file and every fault in it.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_PROFILE_BYTES + 1)
        if len(data) > _MAX_PROFILE_BYTES:
            raise ValueError(f"文件大于 {_MAX_PROFILE_BYTES} 字节")
        content = YAML(typ="safe", pure=True).load(data.decode("utf-8"))
    except (OSError, ValueError, YAMLError, RecursionError) as error:
        raise ProfileError(
            f"存储卡方案「{path.name}」读不出：{error}",
            remedy="用 UTF-8 编码的 YAML 重写该文件，或暂时移走它。",
            code="profile_unreadable",
            path=path,
        ) from error
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        raise ProfileError(
            f"存储卡方案「{path.name}」写得不对：{_faults(error)}",
            remedy="对照内置方案改正所列各项，或暂时移走该文件。",
            path=path,
        ) from error


def _faults(error: ValidationError) -> str:
    faults = []
    for fault in error.errors(include_url=False):
        where = ".".join(str(step) for step in fault["loc"]) or "整个文件"
        faults.append(f"{where}：{fault['msg'].removeprefix('Value error, ')}")
    return "；".join(faults)


def profile_files(folder: Path) -> list[Path]:
    """The profile files of a folder in the order they are asked; a folder that is not there has none."""
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))


def load_profiles(folders: Sequence[Path] = (BUILT_IN,)) -> list[Profile]:
    """All profiles in the order they are asked: the last folder's first.

    Pass `(BUILT_IN, home / "profiles")`. Raises ProfileError for a file that cannot be used, or for one
    `id` twice in one folder: an office must hear of it before a card is read by the wrong rules.
    """
    chosen: dict[str, Profile] = {}
    for folder in reversed(folders):
        here: dict[str, Path] = {}
        for path in profile_files(folder):
            profile = _as_it_stands(path)
            if profile.id in here:
                raise duplicate_id(profile.id, here[profile.id], path)
            here[profile.id] = path
            chosen.setdefault(profile.id, profile)
    return list(chosen.values())


def _as_it_stands(path: Path) -> Profile:
    """`read_profile`, again only when the file has changed: every card asks for all of them."""
    try:
        seen = path.stat()
    except OSError:
        return read_profile(path)  # says what is wrong
    return _read_once(path, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


@lru_cache(maxsize=64)
def _read_once(path: Path, *_unchanged: int) -> Profile:
    return read_profile(path)


def duplicate_id(name: str, first: Path, second: Path) -> ProfileError:
    """One id in two files of a folder: neither may win by chance."""
    return ProfileError(
        f"存储卡方案编号「{name}」在「{first.name}」和「{second.name}」里各有一个。",
        remedy="改掉其中一个的 id，或移走一个文件。",
        code="profile_duplicate",
    )


@lru_cache(maxsize=1)
def built_in_profiles() -> tuple[Profile, ...]:
    """The profiles that ship with Liuhen, read once."""
    return tuple(load_profiles())
