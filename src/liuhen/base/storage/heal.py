"""Bringing one store's object to its target: only bytes whose digest is the right one are written.

- Before anything is written, good bytes of every missing or damaged file are found; else nothing is changed.
- A missing object is drafted whole and appears in one rename; in a standing object each file is replaced by one
  rename, after its digest was read back.
- Nothing is destroyed: what does not belong, and the damaged bytes that are replaced, are set aside in
  `staging/.set-aside/<object>/`, for a person to look at.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from liuhen.core.blobs.base import walk
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.durable import fsync_dir, make_dirs
from liuhen.core.errors import DamagedError, LiuhenError, StorageError
from liuhen.core.reasons import why

from .target import Target


class NothingGoodError(DamagedError):
    """No store holds good bytes of some file."""

    code = "nothing_good"


@dataclass
class Healed:
    """How many files were written, from which stores, and what was set aside."""

    files: int = 0
    sources: set[str] = field(default_factory=set)
    set_aside: list[str] = field(default_factory=list)


def heal(store: LocalBlobs, target: Target, stores: list[LocalBlobs]) -> Healed:
    """Make the object in `store` the target. Raises NothingGoodError before anything is changed, store errors."""
    healed = Healed()
    wrong = [name for name, digest in target.digests.items() if _digest(store, target, name) != digest]
    sources = {name: _source(target, name, stores) for name in wrong if name not in target.made}
    healed.sources = {source.name for source in sources.values()}
    if not store.exists(target.path):
        _draft(store, target, sources)
    else:
        for name in _strangers(store, target):
            healed.set_aside.append(_set_aside(store, target, name))
        for name in _inventories_last(wrong):
            _keep_damaged(store, target, name, healed)
            chunks = sources[name].read(f"{target.path}/{name}") if name in sources else [target.made[name]]
            store.restore(f"{target.path}/{name}", chunks, target.digests[name])
    healed.files = len(wrong)
    return healed


def _digest(store: LocalBlobs, target: Target, name: str) -> str | None:
    try:
        return store.reread(f"{target.path}/{name}").sha256
    except LiuhenError:
        return None


def _source(target: Target, name: str, stores: list[LocalBlobs]) -> LocalBlobs:
    for store in stores:
        if _digest(store, target, name) == target.digests[name]:
            return store
    raise NothingGoodError(
        f"各存储中都没有完好的 {name}。", remedy="请从备份、此前导出的复制件或原卡取回。", path=name
    )


def _inventories_last(names: list[str]) -> list[str]:
    """Content first, then what describes it, the root inventory last."""
    return sorted(names, key=lambda name: (name == "inventory.json", "/content/" not in name, name))


def _strangers(store: LocalBlobs, target: Target) -> Iterator[str]:
    """Entries of the standing object that the target does not have, the topmost of each tree."""
    folders, gone = target.folders(), ""
    for entry in list(walk(store, target.path)):
        name = entry.path.removeprefix(f"{target.path}/")
        if (gone and name.startswith(f"{gone}/")) or name.split("/")[0] == "logs":
            continue
        fits = name in folders if entry.kind == "folder" else name in target.digests and entry.kind == "file"
        if not fits:
            gone = name
            yield name


def _set_aside(store: LocalBlobs, target: Target, name: str) -> str:
    """Move an entry out of the object, on the same disk, under its own name."""
    source = store.root / target.path / name
    place = _aside(store, target) / f"{uuid.uuid4().hex[:8]}-{source.name}"
    try:
        source.rename(place)
        fsync_dir(source.parent)
    except OSError as error:
        raise StorageError(
            f"{store.name}中的 {target.path}/{name} 移不开（{why(error)}）。",
            remedy="请检查该文件的名称和权限，由系统管理员移走后再运行 liuhen repair。",
        ) from error
    return str(place.relative_to(store.staging))


def _keep_damaged(store: LocalBlobs, target: Target, name: str, healed: Healed) -> None:
    """A second name for damaged bytes, so that replacing them does not destroy what may be a trace."""
    source = store.root / target.path / name
    place = _aside(store, target) / f"{uuid.uuid4().hex[:8]}-{source.name}"
    try:
        os.link(source, place, follow_symlinks=False)
    except OSError:  # missing, or a disk without hard links: there is nothing to keep, or no way to
        return
    healed.set_aside.append(str(place.relative_to(store.staging)))


def _aside(store: LocalBlobs, target: Target) -> Path:
    """Hidden from the store's drafts, which are discarded after a crash; this is kept."""
    folder = store.staging / ".set-aside" / target.path.rsplit("/", 1)[1]
    with store.translated(str(folder)):
        make_dirs(folder)
    return folder


def _draft(store: LocalBlobs, target: Target, sources: dict[str, LocalBlobs]) -> None:
    draft = store.draft(f"repair-{uuid.uuid4().hex}")
    try:
        for name, digest in target.digests.items():
            if name in target.made:
                draft.write(name, target.made[name])
                continue
            path = f"{target.path}/{name}"
            with draft.writer(name, size_hint=sources[name].stat(path)) as out:
                for chunk in sources[name].read(path):
                    out.write(chunk)
            if draft.reread(name).sha256 != digest:
                raise StorageError(
                    f"{store.name}写入后回读不一致。", remedy="请检查该存储介质后再运行 liuhen repair。"
                )
        draft.publish(target.path)
    except BaseException:
        draft.discard()
        raise
