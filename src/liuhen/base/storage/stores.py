"""The office's stores, opened: each is an OCFL storage root of its own, with staging on the same disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from liuhen.base import home, site
from liuhen.core.blobs.base import Blobs
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.errors import LiuhenError, RefusedError, UsageError
from liuhen.core.ocfl.layout import create_store, object_path


def make_first_store() -> None:
    """The storage root of a new home; does nothing where it stands already."""
    first = site.load().stores[0]
    if not (first.root() / "0=ocfl_1.1").exists():
        create_store(first.root(), first.staging_root(), first.name)


class StoreUnknownError(RefusedError):
    code = "store_unknown"


@dataclass(frozen=True)
class Stores:
    """The stores that are there, in order, and why the others are not."""

    there: list[LocalBlobs]
    away: dict[str, LiuhenError]

    def first(self) -> LocalBlobs:
        """The first configured store that is there. Raises its error when none is."""
        if not self.there:
            raise next(iter(self.away.values()))
        return self.there[0]


def open_stores() -> Stores:
    """Every configured store; one that is not mounted is away, not forgotten.

    Raises UsageError when the settings name no store, or one place or one name twice.
    """
    there: list[LocalBlobs] = []
    away: dict[str, LiuhenError] = {}
    settings = site.load()
    _refuse_bad_settings(settings.stores)
    for store in settings.stores:
        try:
            there.append(LocalBlobs(store.name, store.root(), store.staging_root()))
        except LiuhenError as error:
            away[store.name] = error
    return Stores(there, away)


def make_again(name: str) -> Path:
    """A new empty root where a configured store's disk was replaced; `repair` then fills it. Returns the root.

    Raises StoreUnknownError, RefusedError while the store is there or its folder holds anything else.
    """
    chosen = next((store for store in site.load().stores if store.name == name), None)
    if chosen is None:
        raise StoreUnknownError(f"没有名为“{name}”的存储。", remedy="用 liuhen store list 查看已配置的存储。")
    if name not in open_stores().away:
        raise RefusedError(
            f"存储“{name}”好好的，不用重建。", remedy="副本有损坏时运行 liuhen repair。", code="store_there"
        )
    create_store(chosen.root(), chosen.staging_root(), name)
    return chosen.root()


def _refuse_bad_settings(stores: list[site.StoreSettings]) -> None:
    names, places = {store.name for store in stores}, {store.root().resolve() for store in stores}
    if not stores or len(names) < len(stores) or len(places) < len(stores):
        what = "没有任何存储" if not stores else "有两个存储同名或在同一位置"
        raise UsageError(
            f"设置文件 {site.settings_path().name} 的 stores 中{what}。", remedy="改正该项后再试。"
        )


def add_store(name: str, folder: str) -> Path:
    """Configure a further store at `folder` (its root is `folder`/store) and make its root, which is returned.

    A folder whose parent is missing too is an unplugged disk, not a new place.

    Raises RefusedError for a name that is taken and for a folder that is another store's: two copies in one
    place are one copy.
    """
    settings = site.load()
    if any(store.name == name for store in settings.stores):
        raise RefusedError(f"已有名为“{name}”的存储。", remedy="请换一个名称。", code="store_exists")
    if not Path(folder).is_dir() and (Path(folder).exists() or not Path(folder).absolute().parent.is_dir()):
        raise RefusedError(
            f"{folder} 不是现有的文件夹。",
            remedy="请确认另一块磁盘已接好并挂载，再给出其上的文件夹。",
            code="no_such_folder",
        )
    base = _inside_home(Path(folder).absolute())
    store = site.StoreSettings(name=name, path=str(base / "store"), staging=str(base / "staging"))
    for other in settings.stores:
        _refuse_same_place(store, other)
    create_store(store.root(), store.staging_root(), name)
    site.save(settings.model_copy(update={"stores": [*settings.stores, store]}))
    return store.root()


def _inside_home(folder: Path) -> Path:
    """Relative where it lies inside LIUHEN_HOME, so that a home can be copied elsewhere."""
    base = home.home().absolute()
    return folder.relative_to(base) if folder.is_relative_to(base) else folder


def _refuse_same_place(new: site.StoreSettings, other: site.StoreSettings) -> None:
    ours, theirs = new.root().resolve(), other.root().resolve()
    if ours.is_relative_to(theirs) or theirs.is_relative_to(ours):
        raise RefusedError(
            f"{ours} 就是存储“{other.name}”的位置，或与它互相包含。",
            remedy="请指定另一块磁盘上的文件夹；放在同一处的两份副本会一起损坏。",
            code="store_same_place",
        )


def content_path(urn: str, version: str, logical: str) -> str:
    """Where a logical file that was first written in `version` lies in a store."""
    return f"{object_path(urn)}/{version}/content/{logical}"


def object_there(store: Blobs, urn: str) -> bool:
    """Is the object complete in this store? (Objects appear whole or not at all.)"""
    return store.exists(f"{object_path(urn)}/inventory.json")
