"""Cards that wait at a dock: mounted volumes and folders below the office's dock paths, looked at and not touched.

- Read only, no link followed, a first look of at most LOOK files; what cannot be read says so and stops no other.
- Whose card it is and whether it was taken in before are guesses for the person; the ingest itself asks the
  bytes.
- Several offices may share a server: the card of another office's recorder is not shown.
- A page names a card by its key (device and inode); a path that somebody writes is never opened.
"""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from liuhen.base import site
from liuhen.base.devices.models import Device
from liuhen.base.devices.services import UnknownDeviceError, find_device
from liuhen.base.people.models import Account, Agency
from liuhen.base.recordings.models import Recording
from liuhen.base.recordings.selectors import NotFoundError
from liuhen.core.cards.bearer import card_facts
from liuhen.core.cards.filenames import shown_name
from liuhen.core.cards.names import read_name
from liuhen.core.cards.reader import CardListing, card_key, list_card
from liuhen.core.errors import LiuhenError

from . import acts
from .docking import office_profiles, refuse_own_home

LOOK = 2000
_KEPT = 64  # looks remembered, so that a page may ask every few seconds
_MOUNTS = Path("/proc/self/mountinfo")
_BLOCKS = Path("/sys/dev/block")


@dataclass(frozen=True)
class Look:
    """What a first look at a card shows. `more`: there are more files than were counted."""

    files: int
    bytes: int
    more: bool
    label: str
    serials: tuple[str, ...]
    sizes: frozenset[tuple[int, str]]


@dataclass(frozen=True)
class Candidate:
    """A card that could be taken in. `trouble` says why not; `known` of its files look familiar."""

    key: str
    path: Path
    label: str
    used: int
    total: int
    look: Look | None = None
    device: Device | None = None
    serial: str | None = None
    known: int = 0
    trouble: str = ""

    @property
    def nothing_new(self) -> bool:
        return self.look is not None and not self.look.more and 0 < self.look.files == self.known


_looks: OrderedDict[tuple[str, int, int], Look] = OrderedDict()


def candidates(person: Account) -> list[Candidate]:
    """The cards at the docks, for whoever may take one in; nobody else is told of any."""
    if not acts.may_begin(person):
        return []
    found: dict[str, Candidate] = {}
    for path in _places():
        candidate = _candidate(path, person.agency)
        if candidate is not None:
            found.setdefault(candidate.key, candidate)
    return sorted(found.values(), key=lambda one: (one.label, str(one.path)))


def candidate_named(key: str, person: Account) -> Candidate:
    """Raises NotFoundError when it is not, or no longer, at a dock."""
    for candidate in candidates(person):
        if candidate.key == key:
            return candidate
    raise NotFoundError("这张卡已不在采集口。", remedy="请检查卡是否插好，刷新页面后再选。")


def _places() -> Iterator[Path]:
    """Removable volumes wherever they are mounted; below the dock paths every volume, and every plain folder."""
    docks = [Path(path) for path in site.current().dock_paths]
    mounts = list(_mounted())
    for path, removable in mounts:
        if removable or any(path.is_relative_to(dock) and path != dock for dock in docks):
            yield path
    volumes = [path for path, _ in mounts]
    for dock in docks:
        for folder in _folders(dock):
            if not any(path.is_relative_to(folder) for path in volumes):
                yield folder


def _folders(dock: Path) -> list[Path]:
    try:
        with os.scandir(dock) as entries:
            return sorted(
                Path(entry.path)
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
            )
    except OSError:
        return []


def _mounted(mounts: Path = _MOUNTS, blocks: Path = _BLOCKS) -> Iterator[tuple[Path, bool]]:
    """Every mounted block device but the root's, and whether it can be taken out."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        fields = line.split(" ")
        path = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4]))
        if fields[3] == "/" and path != Path("/"):
            yield path, _removable(blocks / fields[2])


def _removable(block: Path) -> bool:
    """A card reader, or anything on USB: the kernel says it of the whole disk, not of its partitions."""
    try:
        device = block.resolve(strict=True)
    except OSError:
        return False
    for place in (device, device.parent):
        try:
            if (place / "removable").read_text().strip() == "1":
                return True
        except OSError:
            continue
    return "/usb" in str(device)


def _candidate(path: Path, agency: Agency) -> Candidate | None:
    label = shown_name(os.fsencode(path.name))[0]
    try:
        refuse_own_home(path)
        key, (used, total) = card_key(path), _room(path)
    except (LiuhenError, OSError):
        return None  # our own disk, or just pulled
    try:
        look = _look(path, key)
    except LiuhenError as error:
        return Candidate(key, path, label, used, total, trouble=str(error))
    if look.files == 0:
        return None
    serial = look.serials[0] if len(look.serials) == 1 else None
    device = _registered(agency, serial) if serial else None
    if device is None and Device.objects.filter(serial=serial).exists():
        return None
    known = _known(agency, look)
    return Candidate(key, path, look.label or label, used, total, look, device, serial, known)


def _room(path: Path) -> tuple[int, int]:
    """Bytes used and there on a volume; of a plain folder nothing, its disk is not the card's."""
    if not path.is_mount():
        return 0, 0
    space = os.statvfs(path)
    return (space.f_blocks - space.f_bfree) * space.f_frsize, space.f_blocks * space.f_frsize


def _look(path: Path, key: str) -> Look:
    """Remembered as long as the card's root and its free space stay as they were."""
    mark = (key, path.stat().st_mtime_ns, os.statvfs(path).f_bfree if path.is_mount() else 0)
    if mark not in _looks or not path.is_mount():
        _looks[mark] = _first_look(path)
        while len(_looks) > _KEPT:
            _looks.popitem(last=False)
    return _looks[mark]


def _first_look(path: Path) -> Look:
    profiles = office_profiles()
    listing = list_card(path, profiles=profiles, most=LOOK)
    told = {name.serial for name in (read_name(file.path, profiles) for file in listing.files)} - {None}
    facts = card_facts(path, listing, profiles)
    serials = told or {facts.serial} - {None}
    return Look(
        files=len(listing.files),
        bytes=listing.total_bytes,
        more=len(listing.files) >= LOOK,
        label=listing.volume_label or "",
        serials=tuple(sorted(str(serial) for serial in serials)),
        sizes=_sizes(listing),
    )


def _sizes(listing: CardListing) -> frozenset[tuple[int, str]]:
    return frozenset((file.size, file.path) for file in listing.files)


def _registered(agency: Agency, serial: str) -> Device | None:
    try:
        return find_device(agency, serial)
    except UnknownDeviceError:
        return None


def _known(agency: Agency, look: Look) -> int:
    """How many of the card's files stand in the store by path and size."""
    sizes = sorted({size for size, _ in look.sizes})
    seen: set[tuple[int, str]] = set()
    for first in range(0, len(sizes), 500):
        rows = Recording.objects.filter(agency=agency, bytes__in=sizes[first : first + 500])
        seen.update(rows.values_list("bytes", "card_path"))
    return len(seen & look.sizes)
