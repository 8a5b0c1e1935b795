"""Is this JSON an OCFL 1.1 inventory? Every deviation with its code, without touching any file.

- Keys the specification does not name are let through; keys it does name must be as it says.
- Digests compare without regard to case (§3.5.1 of the specification); paths compare exactly.
- Clauses are cited by their validation codes (ocfl.io/1.1/spec/#inventory).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

Note = tuple[str, str]  # (code, detail)

DIGEST_FORMS = {"sha256": r"[0-9a-fA-F]{64}", "sha512": r"[0-9a-fA-F]{128}"}
_FIXITY_FORMS = {
    "md5": r"[0-9a-fA-F]{32}",
    "sha1": r"[0-9a-fA-F]{40}",
    "sha512/256": r"[0-9a-fA-F]{64}",
    "blake2b-512": r"[0-9a-fA-F]{128}",
    "blake2b-160": r"[0-9a-fA-F]{40}",
    "blake2b-256": r"[0-9a-fA-F]{64}",
    "blake2b-384": r"[0-9a-fA-F]{96}",
    **DIGEST_FORMS,
}
_TYPE = re.compile(r"https://ocfl\.io/1\.[01]/spec/#inventory")
_CREATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def loads(data: bytes) -> Any:
    """JSON with every key once, no NaN, valid UTF-8. Raises ValueError saying what is wrong."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("重复的键")
        return found

    def refuse(word: str) -> None:
        raise ValueError(f"不允许的数值 {word}")

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=refuse)
    except RecursionError:
        raise ValueError("嵌套过深") from None


def check(raw: Any) -> list[Note]:
    """All deviations of a parsed inventory, in the order of the document; W… are recommendations."""
    if not isinstance(raw, dict):
        return [("E033", "不是 JSON 对象")]
    form = DIGEST_FORMS.get(str(raw.get("digestAlgorithm")), r"\Z(?!)")
    notes = list(_check_head(raw))
    names, sequence = _version_names(raw)
    notes += sequence
    manifest = raw.get("manifest")
    if isinstance(manifest, dict):
        notes += _check_manifest(manifest, form, set(names), raw.get("contentDirectory", "content"))
    else:
        notes.append(("E041", "manifest"))
        manifest = {}
    used: set[str] = set()
    for name in names:
        notes += _check_version(name, raw["versions"][name], form, manifest, used)
    unused = {digest.lower() for digest in manifest} - used
    notes += [("E107", digest) for digest in sorted(unused) if names]
    return notes + list(_check_fixity(raw, manifest))


def _check_head(raw: dict[str, Any]) -> Iterator[Note]:
    yield from (("E036", key) for key in ("id", "type", "digestAlgorithm", "head") if key not in raw)
    if "id" in raw and (not isinstance(raw["id"], str) or not raw["id"]):
        yield "E037", repr(raw["id"])
    elif not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:.", str(raw.get("id", "x:x"))):
        yield "W005", raw["id"]
    if "type" in raw and not (isinstance(raw["type"], str) and _TYPE.fullmatch(raw["type"])):
        yield "E038", str(raw["type"])
    algorithm = raw.get("digestAlgorithm", "sha512")
    if algorithm == "sha256":
        yield "W004", ""
    elif algorithm != "sha512":
        yield "E025", str(algorithm)
    content = raw.get("contentDirectory", "content")
    if not isinstance(content, str) or "/" in content or not content:
        yield "E017", str(content)
    elif content in (".", ".."):
        yield "E018", content


def _version_names(raw: dict[str, Any]) -> tuple[list[str], list[Note]]:
    """The versions in order, and what is wrong with their numbering or with `head`."""
    versions = raw.get("versions")
    if "versions" not in raw:
        return [], [("E041", "versions")]
    if not isinstance(versions, dict):
        return [], [("E044", "")]
    if not versions:
        return [], [("E008", "")]
    bad = sorted(name for name in versions if not re.fullmatch(r"v\d+", name))
    if bad:
        return [], [("E046", "、".join(bad))]
    names = sorted(versions, key=lambda name: int(name[1:]))
    return names, _sequence_notes(names, raw.get("head", names[-1]))


def _sequence_notes(names: list[str], head: Any) -> list[Note]:
    numbers = [int(name[1:]) for name in names]
    padded = names[0].startswith("v0")
    notes: list[Note] = []
    if numbers[0] != 1:
        notes.append(("E009", names[0]))
    notes += [("E010", f"v{after}") for before, after in pairwise(numbers) if after != before + 1]
    widths = {len(name) for name in names}
    if (padded and len(widths) > 1) or (not padded and any(name.startswith("v0") for name in names)):
        notes.append(("E011", "、".join(names)))
    if head != names[-1]:
        notes.append(("E040", f"{head}，应为 {names[-1]}"))
    return notes


def _check_manifest(manifest: dict[str, Any], form: str, versions: set[str], content: Any) -> Iterator[Note]:
    yield from _digest_notes(manifest, form, wrong="E025", twice="E096")
    lists = [paths for paths in manifest.values() if _is_paths(paths)]
    yield from (("E092", digest) for digest, paths in manifest.items() if not _is_paths(paths))
    every = [path for paths in lists for path in paths]
    for path in every:
        yield from _path_notes(path, edge="E100", inside="E099")
        parts = path.split("/", 2)
        if len(parts) < 3 or parts[1] != content or (versions and parts[0] not in versions):
            yield "E042", path
    yield from (("E101", path) for path in clashes(every))


def _digest_notes(digests: dict[str, Any], form: str, *, wrong: str, twice: str) -> Iterator[Note]:
    yield from ((wrong, digest) for digest in digests if not re.fullmatch(form, digest))
    lowered = Counter(digest.lower() for digest in digests)
    yield from ((twice, digest) for digest, times in lowered.items() if times > 1)


def _is_paths(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(path, str) for path in value)


def _path_notes(path: str, *, edge: str, inside: str) -> Iterator[Note]:
    if path.startswith("/") or path.endswith("/") or not path:
        yield edge, path
    elif any(part in ("", ".", "..") for part in path.split("/")):
        yield inside, path


def clashes(paths: Iterable[str]) -> list[str]:
    """Paths given twice, and paths that are also the folder of another."""
    seen: set[str] = set()
    twice: set[str] = set()
    for path in paths:
        (twice if path in seen else seen).add(path)
    folders = {path[:at] for path in seen for at in range(len(path)) if path[at] == "/"}
    return sorted(twice | (seen & folders))


def _check_version(
    name: str, version: Any, form: str, manifest: dict[str, Any], used: set[str]
) -> Iterator[Note]:
    if not isinstance(version, dict):
        yield "E048", name
        return
    yield from _created_notes(name, version.get("created"))
    if "message" in version and not isinstance(version["message"], str):
        yield "E094", name
    if "message" not in version or "user" not in version:
        yield "W007", name
    user = version.get("user", {"name": ""})
    texts = (user.get("name"), user.get("address", "")) if isinstance(user, dict) else (None,)
    if not all(isinstance(text, str) for text in texts):
        yield "E054", name
    if "state" not in version:
        yield "E048", f"{name} state"
    elif isinstance(version["state"], dict):
        yield from _state_notes(name, version["state"], form, manifest, used)
    else:
        yield "E050", name


def _created_notes(name: str, created: Any) -> Iterator[Note]:
    if created is None:
        yield "E048", f"{name} created"
    elif not isinstance(created, str) or not _CREATED.fullmatch(created):
        yield "E049", f"{name} {created}"
    else:
        try:
            datetime.fromisoformat(created)
        except ValueError:
            yield "E049", f"{name} {created}"


def _state_notes(
    name: str, state: dict[str, Any], form: str, manifest: dict[str, Any], used: set[str]
) -> Iterator[Note]:
    every: list[str] = []
    for digest, paths in state.items():
        if not re.fullmatch(form, digest) or not _is_paths(paths) or digest not in manifest:
            yield "E050", f"{name} {digest}"
            continue
        used.add(digest.lower())
        every += paths
    for path in every:
        yield from _path_notes(path, edge="E053", inside="E052")
    yield from (("E095", f"{name} {path}") for path in clashes(every))


def _check_fixity(raw: dict[str, Any], manifest: dict[str, Any]) -> Iterator[Note]:
    fixity = raw.get("fixity", {})
    if not isinstance(fixity, dict):
        yield "E111", ""
        return
    known = {path for paths in manifest.values() if _is_paths(paths) for path in paths}
    for algorithm, block in fixity.items():
        if algorithm not in _FIXITY_FORMS:
            yield "E056", algorithm
        elif not isinstance(block, dict):
            yield "E057", algorithm
        else:
            yield from _digest_notes(block, _FIXITY_FORMS[algorithm], wrong="E057", twice="E097")
            bad = [d for d, paths in block.items() if not _is_paths(paths) or not known.issuperset(paths)]
            yield from (("E057", f"{algorithm} {digest}") for digest in bad)
