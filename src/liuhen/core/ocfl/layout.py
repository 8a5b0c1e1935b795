"""Where an object stands in the storage root, and the root's own files.

- Layout: registered extension 0003-hash-and-id-n-tuple-storage-layout (sha256, three tuples of three): the
  first nine hex digits of the id's SHA-256 as three folders, then the id, percent-encoded.
- The root's files are written one by one, each durable and in place by one rename; the declaration
  `0=ocfl_1.1` comes last, so a root that has it is complete. Making it again changes nothing.
- Only an empty folder, or one this has begun, becomes a store.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from ..blobs.faults import translated
from ..blobs.local import MARKER, LocalBlobs
from ..blobs.memory import MemoryBlobs
from ..durable import fsync_dir, make_dirs, write_new
from ..errors import RefusedError
from ..readable import readable

LAYOUT = "0003-hash-and-id-n-tuple-storage-layout"
DIGEST, TUPLE_SIZE, TUPLES = "sha256", 3, 3
_NAME_LIMIT = 100  # characters of the encoded id before it is cut and the digest appended


ROOT_FILES = {
    f"extensions/{LAYOUT}/config.json": readable(
        {
            "extensionName": LAYOUT,
            "digestAlgorithm": DIGEST,
            "tupleSize": TUPLE_SIZE,
            "numberOfTuples": TUPLES,
        },
        indent=1,
    ),
    "ocfl_layout.json": readable(
        {
            "extension": LAYOUT,
            "description": "对象标识的 SHA-256 前九位分三级目录，其下为百分号编码的对象标识",
        },
        indent=1,
    ),
    MARKER: b"ocfl_1.1\n",
}


def object_path(object_id: str) -> str:
    """The key of an object's folder, such as `3c0/ff4/240/object-01`."""
    digest = hashlib.sha256(object_id.encode("utf-8")).hexdigest()
    tuples = [digest[at : at + TUPLE_SIZE] for at in range(0, TUPLES * TUPLE_SIZE, TUPLE_SIZE)]
    return "/".join([*tuples, _folder_name(object_id, digest)])


def _folder_name(object_id: str, digest: str) -> str:
    encoded = "".join(_encode(character) for character in object_id)
    return encoded if len(encoded) <= _NAME_LIMIT else f"{encoded[:_NAME_LIMIT]}-{digest}"


def _encode(character: str) -> str:
    if re.fullmatch("[A-Za-z0-9_-]", character):
        return character
    return "".join(f"%{byte:02x}" for byte in character.encode("utf-8"))


def init_root(root: Path, staging: Path, name: str) -> None:
    """Make `root` a storage root; `staging` must be on the same file system.

    Raises RefusedError (`foreign_folder`) when the folder holds anything else, and what `blobs.faults` names.
    """
    with translated(name, str(root)):
        make_dirs(root)
        make_dirs(staging)
        _refuse_foreign(root, name)
        for path, data in ROOT_FILES.items():
            if not (root / path).exists():
                _write(root / path, data, staging)


def create_store(root: Path, staging: Path, name: str) -> LocalBlobs:
    """A new local store (or the one already made there), open."""
    init_root(root, staging, name)
    return LocalBlobs(name, root, staging)


def memory_store(name: str = "内存") -> MemoryBlobs:
    """A new store in memory with a storage root's own files, for tests and rehearsals."""
    blobs = MemoryBlobs(name)
    blobs.files.update(ROOT_FILES)
    return blobs


def _write(target: Path, data: bytes, staging: Path) -> None:
    draft = staging / f".root-{target.name}"
    draft.unlink(missing_ok=True)
    make_dirs(target.parent)
    write_new(draft, data)
    draft.replace(target)
    fsync_dir(target.parent)


def _refuse_foreign(root: Path, name: str) -> None:
    """Let pass: an empty folder, our own root, and what a crash left of making it."""
    wrong = [path for path, data in ROOT_FILES.items() if _differs(root / path, data)]
    if not (root / MARKER).exists():
        ours = {Path(path).parts[0] for path in ROOT_FILES}
        wrong += sorted(entry.name for entry in root.iterdir() if entry.name not in ours)
    if wrong:
        raise RefusedError(
            f"目录“{root}”中已有其他内容（{wrong[0]}），不能用作存储位置“{name}”。",
            remedy="请指定一个新的空目录；若它本来就是本系统的存储位置，请运行 liuhen verify 核对。",
            code="foreign_folder",
            store=name,
            found=wrong,
        )


def _differs(path: Path, data: bytes) -> bool:
    return os.path.lexists(path) and not (path.is_file() and path.read_bytes() == data)
