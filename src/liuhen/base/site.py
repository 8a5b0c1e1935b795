"""The office's own settings: `settings.yaml` under LIUHEN_HOME, readable and editable by a person.

- A missing file means the defaults; an unknown or wrong setting is refused with its name, never ignored.
- A store's path is written relative to LIUHEN_HOME where it lies inside it.
"""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from liuhen.core.durable import replace_file
from liuhen.core.errors import UsageError

from .home import home

FIRST_STORE = "主存储"


class StoreSettings(BaseModel):
    """One place that keeps whole copies of every recording."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=40)
    path: str = Field(min_length=1)  # OCFL storage root
    staging: str = Field(min_length=1)  # on the same file system

    def root(self) -> Path:
        return home() / self.path

    def staging_root(self) -> Path:
        return home() / self.staging


class SingleSignOn(BaseModel):
    """单点登录 by OpenID Connect: who answers for the person's name; the secret is a file under keys/."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=40)
    issuer: str = Field(pattern=r"^https?://")
    client_id: str = Field(min_length=1)
    secret_file: str = Field(default="oidc.secret", pattern=r"^[A-Za-z0-9._-]+$")  # in LIUHEN_HOME/keys
    username_claim: str = "preferred_username"


class SiteSettings(BaseModel):
    """Everything an office may set; defaults are the safe side."""

    model_config = ConfigDict(extra="forbid")

    stores: list[StoreSettings] = [StoreSettings(name=FIRST_STORE, path="store", staging="staging")]
    copies_before_release: int | None = Field(default=None, ge=1)
    allow_card_clearing: bool = False
    previews: bool = True
    reserve_mebibytes: int | None = Field(default=None, ge=0)
    clock_tolerance_seconds: int = Field(default=60, ge=0)
    check_hours: int = Field(default=24, ge=1, le=24 * 31)  # so long a check before use counts
    check_battery_percent: int = Field(default=60, ge=0, le=100)  # 电量充足: no text says how much
    check_free_minutes: int = Field(default=60, ge=0, le=10_000)  # 足够的存储空间, as time left to record
    check_free_mb: int = Field(default=4000, ge=0, le=10_000_000)  # the same, as space left
    address: str | None = Field(
        default=None, pattern=r"^https?://[^\s/]+$", max_length=200
    )  # under which phones of the office reach it; printed as QR code
    split_seconds: float = Field(
        default=0.04, ge=0, le=60
    )  # between two files of one device, still a normal split (GA/T 947.2)
    edge_seconds: float = Field(
        default=60, ge=0, le=3600
    )  # between arrival and the first picture, still no late start; the same at the end
    document_seconds: float = Field(
        default=60, ge=0, le=3600
    )  # between a document's time and the recordings', still in agreement; the difference is always printed
    notice_minutes: int = Field(default=3, ge=0, le=60)  # after recording began, still said at the start
    match_slack_minutes: int = Field(
        default=30, ge=0, le=24 * 60
    )  # before arrival and after the end, still proposed for an activity
    match_confirms: Literal["person", "sure"] = "person"  # sure: what is certain is matched without asking
    least_lines: int = Field(default=720, ge=0)  # of a film's shorter side; fewer are noted
    keep_jobs_days: int = Field(default=90, ge=1)
    keep_uploads_days: int = Field(default=14, ge=1)
    dock_paths: list[str] = ["/media", "/run/media"]
    visit_minutes: int = Field(
        default=15, ge=1, le=24 * 60
    )  # of silence, then opening it again is another viewing
    token_days: int = Field(default=365, ge=1, le=3650)  # the longest that a machine's token may last
    amber_before: str | None = Field(
        default=None, pattern=r"^P(\d{1,5}D|T\d{1,5}H)$"
    )  # of a deadline; else the pack says
    session_minutes: int = Field(default=30, ge=1, le=24 * 60)  # without activity, then sign in again
    hosts: list[str] = []  # names under which pages may be asked for, beside numbers and this computer's own
    single_sign_on: SingleSignOn | None = None

    def copies_needed(self) -> int:
        """One copy with one store, two as soon as there are two (DESIGN §3)."""
        return self.copies_before_release or min(2, len(self.stores))


def settings_path() -> Path:
    return home() / "settings.yaml"


def load() -> SiteSettings:
    """As they stand now, the caller's own to change. Raises UsageError naming the wrong setting."""
    return current().model_copy(deep=True)


def _read(path: Path) -> SiteSettings:
    try:
        data: Any = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) or {}
        return SiteSettings.model_validate(data)
    except (YAMLError, UnicodeDecodeError) as error:
        raise UsageError(
            f"设置文件 {path.name} 不是有效的 YAML。", remedy="用文本编辑器改正，或删去该文件恢复默认设置。"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "（整体）"
        raise UsageError(
            f"设置文件 {path.name} 中“{where}”不正确：{first['msg']}。", remedy="改正该项后再试。"
        ) from error


def current() -> SiteSettings:
    """To look at only, shared by all who ask; the file is read again when it has changed.

    Every page and every entry published asks, and reading YAML takes longer than all else they do.
    """
    path = settings_path()
    try:
        seen = path.stat()
    except FileNotFoundError:
        return SiteSettings()
    return _read_once(path, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


@lru_cache(maxsize=8)
def _read_once(path: Path, *_unchanged: int) -> SiteSettings:
    return _read(path)


def session_minutes() -> int:
    """How long a session lives without activity; the default while the settings cannot be read."""
    try:
        return current().session_minutes
    except UsageError:
        return SiteSettings().session_minutes


def save(site: SiteSettings) -> None:
    """Write the settings, durably."""
    out = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.dump(site.model_dump(), out)
    replace_file(settings_path(), out.getvalue().encode())
