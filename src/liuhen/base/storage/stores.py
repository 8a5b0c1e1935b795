"""The office's stores, opened: each is an OCFL storage root of its own, with staging on the same disk."""

from __future__ import annotations

from dataclasses import dataclass

from liuhen.base import home, site
from liuhen.core.blobs.base import Blobs
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.errors import LiuhenError, RefusedError
from liuhen.core.ocfl.layout import create_store, object_path


def make_first_store() -> None:
    """The storage root of a new home; does nothing where it stands already."""
    first = site.load().stores[0]
    if not (first.root() / "0=ocfl_1.1").exists():
        create_store(first.root(), first.staging_root(), first.name)


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
    """Every configured store; one that is not mounted is away, not forgotten."""
    there: list[LocalBlobs] = []
    away: dict[str, LiuhenError] = {}
    for store in site.load().stores:
        try:
            there.append(LocalBlobs(store.name, store.root(), store.staging_root()))
        except LiuhenError as error:
            away[store.name] = error
    return Stores(there, away)


def add_store(name: str, folder: str) -> None:
    """Configure a further store at `folder` (its root is `folder`/store) and make its storage root."""
    settings = site.load()
    if any(store.name == name for store in settings.stores):
        raise RefusedError(f"已有名为“{name}”的存储。", remedy="请换一个名称。", code="store_exists")
    base = (home.home() / folder).absolute()
    store = site.StoreSettings(name=name, path=str(base / "store"), staging=str(base / "staging"))
    create_store(store.root(), store.staging_root(), name)
    site.save(settings.model_copy(update={"stores": [*settings.stores, store]}))


def content_path(urn: str, version: str, logical: str) -> str:
    """Where a logical file that was first written in `version` lies in a store."""
    return f"{object_path(urn)}/{version}/content/{logical}"


def object_there(store: Blobs, urn: str) -> bool:
    """Is the object complete in this store? (Objects appear whole or not at all.)"""
    return store.exists(f"{object_path(urn)}/inventory.json")
