"""The inventory of an object: what is kept, under which digest, in which version (OCFL 1.1, #inventory).

- Reading is by the specification; what `inventory_checks.check` calls an error is refused.
- Writing is deterministic: the same history gives the same bytes. Names stay as given, in UTF-8, never
  normalised.
- A version stores only what no earlier version holds: content is found by its digest.
- Earlier versions' blocks are carried over letter for letter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ..blobs.paths import check_path
from ..errors import DamagedError
from ..readable import readable
from . import inventory_checks
from .inventory_checks import Note

TYPE = "https://ocfl.io/1.1/spec/#inventory"
DIGEST_ALGORITHM = "sha256"


class InventoryError(DamagedError):
    """An inventory that cannot be relied on. `codes` are OCFL validation codes."""

    code = "inventory"

    def __init__(self, path: str, notes: list[Note]) -> None:
        self.codes = [code for code, _ in notes]
        shown = "；".join(f"{code} {detail}".strip() for code, detail in notes[:5])
        super().__init__(
            f"清单“{path}”不可信（{shown}）。",
            remedy="请运行 liuhen verify 查看损坏情况；如有第二份副本，可用 liuhen repair 恢复。",
            path=path,
            codes=self.codes,
        )


@dataclass(frozen=True)
class Version:
    """One version: `state` maps each logical path to the digest of its content; `created` is RFC 3339."""

    created: str
    state: Mapping[str, str]
    message: str | None = None
    user_name: str | None = None
    user_address: str | None = None


@dataclass(frozen=True)
class Inventory:
    """`manifest` maps each content path (`v1/content/…`) to its digest, lower-case hex."""

    id: str
    head: str
    manifest: Mapping[str, str]
    versions: Mapping[str, Version]
    digest_algorithm: str = DIGEST_ALGORITHM
    type: str = TYPE
    content_directory: str | None = None
    fixity: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def content_name(self) -> str:
        return self.content_directory or "content"

    @property
    def state(self) -> Mapping[str, str]:
        """Logical path → digest, of the newest version."""
        return self.versions[self.head].state

    def content_paths(self, digest: str) -> list[str]:
        """Where content of that digest is kept, oldest version first."""
        return [path for path, known in self.manifest.items() if known == digest]

    def content_path(self, logical: str, version: str | None = None) -> str:
        """The content path of a logical file. Raises KeyError when the version has no such file."""
        return self.content_paths(self.versions[version or self.head].state[logical])[0]

    def until(self, version: str) -> Inventory:
        """This inventory as it stood when `version` was the newest. Raises KeyError (no such version)."""
        last = list(self.versions).index(version) if version in self.versions else None
        if last is None:
            raise KeyError(version)
        names = set(list(self.versions)[: last + 1])
        return replace(
            self,
            head=version,
            manifest={path: d for path, d in self.manifest.items() if path.split("/", 1)[0] in names},
            versions={name: block for name, block in self.versions.items() if name in names},
        )

    def to_bytes(self) -> bytes:
        """UTF-8 JSON, indented, fixed key order, newline at the end."""
        out: dict[str, Any] = {"digestAlgorithm": self.digest_algorithm, "head": self.head, "id": self.id}
        if self.content_directory is not None:
            out["contentDirectory"] = self.content_directory
        if self.fixity:
            out["fixity"] = {name: _by_digest(block) for name, block in sorted(self.fixity.items())}
        out["manifest"] = _by_digest(self.manifest)
        out["type"] = self.type
        out["versions"] = {name: _version_block(self.versions[name]) for name in self.versions}
        return readable(out, indent=1)


def _by_digest(paths: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {digest: [] for digest in sorted(set(paths.values()))}
    for path in sorted(paths):
        found[paths[path]].append(path)
    return found


def _version_block(version: Version) -> dict[str, Any]:
    block: dict[str, Any] = {"created": version.created}
    if version.message is not None:
        block["message"] = version.message
    block["state"] = _by_digest(version.state)
    if version.user_name is not None:
        block["user"] = {"name": version.user_name}
        if version.user_address is not None:
            block["user"]["address"] = version.user_address
    return block


def parse(data: bytes, path: str = "inventory.json") -> Inventory:
    """An inventory from its bytes. Raises InventoryError with the codes of all that is wrong."""
    raw, notes = examine(data)
    errors = [note for note in notes if not note[0].startswith("W")]
    if errors:
        raise InventoryError(path, errors)
    return _from_raw(raw)


def examine(data: bytes) -> tuple[Any, list[Note]]:
    """The JSON (None if it is none) and every note on it, recommendations included."""
    try:
        raw = inventory_checks.loads(data)
    except ValueError as error:
        return None, [("E033", str(error))]
    return raw, inventory_checks.check(raw)


def _from_raw(raw: dict[str, Any]) -> Inventory:
    names = sorted(raw["versions"], key=lambda name: int(name[1:]))
    return Inventory(
        id=raw["id"],
        head=raw["head"],
        manifest=_by_path(raw["manifest"]),
        versions={name: _version_from(raw["versions"][name]) for name in names},
        digest_algorithm=raw["digestAlgorithm"],
        type=raw["type"],
        content_directory=raw.get("contentDirectory"),
        fixity={name: _by_path(block) for name, block in raw.get("fixity", {}).items()},
    )


def _by_path(block: Mapping[str, list[str]]) -> dict[str, str]:
    pairs = [(path, digest.lower()) for digest, paths in block.items() for path in paths]
    return dict(sorted(pairs, key=lambda pair: (int(pair[0].split("/", 1)[0][1:] or 0), pair[0])))


def _version_from(block: Mapping[str, Any]) -> Version:
    user = block.get("user") or {}
    state = {path: digest.lower() for digest, paths in block["state"].items() for path in paths}
    return Version(block["created"], state, block.get("message"), user.get("name"), user.get("address"))


def next_version_name(previous: Inventory | None) -> str:
    """v1, v2, …; a zero-padded history goes on zero-padded (E013)."""
    if previous is None:
        return "v1"
    number = int(previous.head[1:]) + 1
    width = len(previous.head) - 1 if previous.head.startswith("v0") else 0
    return f"v{number:0{width}d}"


def next_version(
    previous: Inventory | None,
    files: Mapping[str, str],
    *,
    object_id: str,
    created: datetime,
    message: str,
    user_name: str,
    user_address: str,
    stored: Collection[str] | None = None,
) -> Inventory:
    """The inventory after one more version.

    `files` maps every logical path of the new version to its SHA-256 (lower-case hex). `stored` are the
    logical paths whose bytes this version keeps itself; by default one for each digest no earlier version
    has. Raises BadPathError, and ValueError for a naive time, another object's history, content kept nowhere.
    """
    if created.tzinfo is None:
        raise ValueError("created must carry a time zone")
    if previous is not None:
        _refuse_foreign(previous, object_id)
    _refuse_bad_state(files)
    name = next_version_name(previous)
    manifest = dict(previous.manifest) if previous else {}
    content = previous.content_name if previous else "content"
    for logical in _to_store(files, set(manifest.values())) if stored is None else sorted(stored):
        manifest[f"{name}/{content}/{logical}"] = files[logical]
    nowhere = set(files.values()) - set(manifest.values())
    if nowhere:
        raise ValueError(f"content stored nowhere: {sorted(nowhere)}")
    block = Version(_rfc3339(created), dict(sorted(files.items())), message, user_name, user_address)
    return Inventory(
        id=object_id,
        head=name,
        manifest=manifest,
        versions={**(previous.versions if previous else {}), name: block},
        content_directory=previous.content_directory if previous else None,
        fixity=previous.fixity if previous else {},
    )


def _refuse_foreign(previous: Inventory, object_id: str) -> None:
    ours = (object_id, DIGEST_ALGORITHM, TYPE)
    if (previous.id, previous.digest_algorithm, previous.type) != ours:
        raise ValueError(f"{previous.id} is not an earlier version, written by us, of {object_id}")


def _refuse_bad_state(files: Mapping[str, str]) -> None:
    for logical, digest in files.items():
        if not re.fullmatch("[0-9a-f]{64}", digest):
            raise ValueError(f"not a lower-case SHA-256 of {check_path(logical)}: {digest!r}")
        check_path(logical)
    bad = inventory_checks.clashes(files)
    if bad:
        raise ValueError(f"both a file and a folder: {bad}")


def _to_store(files: Mapping[str, str], known: set[str]) -> list[str]:
    first: dict[str, str] = {}
    for logical in sorted(files):
        if files[logical] not in known:
            first.setdefault(files[logical], logical)
    return list(first.values())


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
