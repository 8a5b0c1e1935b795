"""Packs and calendars on disk: what ships with the program, and what the office has adopted beside it.

- An adopted pack lies in `packs/<id>/<version>/` of LIUHEN_HOME, byte for byte as it was adopted, and stays there.
- A pack's name means its newest version, adopted or not; a folder that holds a pack may be named as well.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from liuhen.core.durable import fsync_dir, make_dirs, replace_file
from liuhen.core.errors import DamagedError, LiuhenError, UsageError
from liuhen.core.rules.calendar import Calendar, load_calendar
from liuhen.core.rules.conflicts import Found, questions_of
from liuhen.core.rules.higher import PREFIX, beneath
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.reading import read_pack
from liuhen.core.rules.rulings import Answer

from . import home

FOLDER = Path(__file__).resolve().parents[1] / "packs"
FILES = ("pack.yaml", "examples.yaml")


class UnknownPackError(UsageError):
    code = "unknown_pack"


class PackChangedError(DamagedError):
    """An adopted pack is not the one that was adopted any more."""

    code = "pack_changed"


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    return load_calendar(FOLDER / "calendars")


def shipped() -> list[str]:
    """Ids, in alphabetical order."""
    return sorted(path.parent.name for path in FOLDER.glob("*/pack.yaml"))


def known() -> list[str]:
    """Ids of every pack here: shipped ones first, then the office's own."""
    own = {path.parent.parent.name for path in home.packs_folder().glob("*/*/pack.yaml")}
    return [*shipped(), *sorted(own - set(shipped()))]


def pack_of(name: str) -> Pack:
    """The newest version. Raises UnknownPackError, PackError."""
    return read(folder_of(name))


def read(folder: Path) -> Pack:
    """The pack in a folder, read again only when its file has changed. Raises PackError."""
    try:
        seen = (folder / "pack.yaml").stat()
    except OSError:
        return read_pack(folder)  # which says what is wrong
    return _read_once(folder, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=64)
def _read_once(folder: Path, _changed: int, _size: int) -> Pack:
    return read_pack(folder)


def folder_of(name: str) -> Path:
    """The newest version of a pack by its id, or any folder that holds a pack. Raises UnknownPackError."""
    if name in known():
        return max(_versions(name), key=_rank)
    folder = Path(name)
    if (folder / "pack.yaml").is_file():
        return folder
    raise UnknownPackError(
        f"没有规则包 {name}。",
        remedy=f"现有：{'、'.join(known())}；也可以给出放有 pack.yaml 的文件夹。",
    )


def _versions(name: str) -> list[Path]:
    ships = [FOLDER / name] if (FOLDER / name / "pack.yaml").is_file() else []
    return ships + [path.parent for path in (home.packs_folder() / name).glob("*/pack.yaml")]


def _rank(folder: Path) -> tuple[tuple[int, ...], bool]:
    """Versions as people count them; of two with the same number the office's own."""
    said = read(folder).version
    return tuple(int(part) for part in said.split(".") if part), folder.is_relative_to(home.packs_folder())


def own_folder(name: str, version: str) -> Path:
    """Where an adopted version lies. The parts are checked by the pack's own patterns."""
    return home.packs_folder() / name / version


def adopted(name: str, version: str, digest: str) -> Pack:
    """An adopted version, held against the digest in the ledger. Raises PackChangedError, PackError."""
    folder = own_folder(name, version)
    if digest_of(folder) != digest:
        raise PackChangedError(
            f"采用的规则包 {name} 第 {version} 版与账本记载的不是同一份，或已不在 {folder}。",
            remedy="请从备份取回该文件夹；在此之前不按它推算。",
        )
    return read(folder)


def digest_of(folder: Path) -> str | None:
    """SHA-256 of `pack.yaml`; None where it cannot be read."""
    try:
        return sha256((folder / "pack.yaml").read_bytes()).hexdigest()
    except OSError:
        return None


def keep(folder: Path, pack: Pack) -> str:
    """Copy a pack to where adopted ones lie, durably; returns its digest. Keeping the same bytes again is nothing."""
    target = own_folder(pack.id, pack.version)
    make_dirs(target)
    for name in FILES:
        if (folder / name).is_file() and folder.resolve() != target.resolve():
            replace_file(target / name, (folder / name).read_bytes())
    fsync_dir(target)
    digest = digest_of(target)
    if digest is None:
        raise PackChangedError(f"规则包没有写入 {target}。", remedy="请检查磁盘空间和权限后再试。")
    return digest


def forget(pack: Pack) -> None:
    """Take away what was kept for an adoption that came to nothing."""
    shutil.rmtree(own_folder(pack.id, pack.version), ignore_errors=True)
    with suppress(OSError):
        own_folder(pack.id, pack.version).parent.rmdir()  # holds other versions, or goes


def asked_of(pack: Pack, answers: Iterable[Answer] = (), against: Pack | None = None) -> list[Found]:
    """Every question of a regulation: its own, and where it asks less than the higher ones it names, or than `against`.

    A higher one that is not here asks nothing; `higher_missing` says which.
    """
    ruled = {one.code: one.text for one in answers}
    above = {
        one.id: one for one in (*(pack_of(name) for name in pack.higher if name in known()), against) if one
    }
    found = [one for higher in above.values() for one in beneath(pack, higher)]
    return questions_of(pack, answers) + [replace(one, ruling=ruled.get(one.code)) for one in found]


def question_named(pack: Pack, code: str) -> Found | None:
    """One question by its code, also one against a higher regulation that the pack itself does not name."""
    above = max((name for name in known() if code.startswith(f"{PREFIX}{name}-")), key=len, default=None)
    asked = asked_of(pack, against=pack_of(above) if above else None)
    return next((one for one in asked if one.code == code), None)


def higher_missing(pack: Pack) -> list[str]:
    """Ids of higher regulations that the pack names and that are not here."""
    return [name for name in pack.higher if name not in known()]


def title_of(name: str, annex: str = "") -> str:
    """What a regulation is called; the id itself where its pack is not here."""
    try:
        pack = pack_of(name)
    except LiuhenError:
        return name
    return pack.annexes.get(annex, pack.title)


def resting_on(name: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The articles that a pack says are carried out by acts of these kinds; none where it is not here."""
    try:
        pack = pack_of(name)
    except LiuhenError:
        return ()
    return tuple(
        number
        for number, article in pack.articles.items()
        if any(by.kind == "act" and by.name in kinds for by in article.by)
    )
