"""What lies in a store and is no recording of ours: unknown objects, and whatever is no object at all.

- An object whose number is reserved belongs to an ingest that was cut off (or is still running): it is told
  apart, because the next ingest registers it.
- Memory does not grow with the store: folders are walked one by one, the ledger is asked in groups.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from liuhen.base.recordings.models import Reservation
from liuhen.core.blobs.local import LocalBlobs
from liuhen.core.errors import LiuhenError
from liuhen.core.ocfl.layout import object_path
from liuhen.core.ocfl.root import RootItem, validate_root
from liuhen.core.ocfl.validate import validate_object

from .examine import Damage
from .expected import URN, in_groups, known_urns

GROUP = 500


@dataclass(frozen=True)
class Unfinished:
    """A whole object whose registration was cut off; the next ingest completes it."""

    recording: str
    number: str
    store: str
    path: str


@dataclass(frozen=True)
class Stray:
    recording: str | None
    damage: Damage


def strays(store: LocalBlobs) -> Iterator[Stray | Unfinished]:
    """Everything in the store that no ledger accounts for. Raises StoreMissingError."""
    for group in in_groups(validate_root(store), GROUP):
        for item in group:
            if item.finding is not None:
                finding = item.finding
                damage = Damage(
                    store.name,
                    item.path,
                    finding.expected,
                    finding.found,
                    finding.code,
                    f"{store.name}：{finding.message}",
                )
                yield Stray(None, damage)
        yield from _unknown(store, [item for item in group if item.finding is None])


def urn_of(path: str) -> str | None:
    """The OCFL id an object's folder stands for, if it is one of ours and stands in its place."""
    urn = unquote(path.rsplit("/", 1)[-1], errors="replace")
    try:
        uuid.UUID(urn.removeprefix(URN))
    except ValueError:
        return None
    return urn if urn.startswith(URN) and object_path(urn) == path else None


def _unknown(store: LocalBlobs, items: list[RootItem]) -> Iterator[Stray | Unfinished]:
    urns = {item.path: urn_of(item.path) for item in items}
    named = [urn for urn in urns.values() if urn]
    known = known_urns(named)
    reserved = _reserved([urn for urn in named if urn not in known])
    # An ingest may have registered an object between the two questions.
    known |= known_urns([urn for urn in named if urn not in known and urn not in reserved])
    for path, urn in urns.items():
        if urn and urn in reserved and urn not in known:
            yield _of_cut_off_ingest(store, path, urn, reserved[urn])
        elif urn is None or urn not in known:
            text = f"{store.name}中有留痕账本不知道的对象"
            yield Stray(urn, Damage(store.name, path, None, None, "object_unknown", text))


def _reserved(urns: list[str]) -> dict[str, str]:
    pks = [uuid.UUID(urn.removeprefix(URN)) for urn in urns]
    rows = Reservation.objects.filter(recording__in=pks).exclude(batch="")
    return {f"{URN}{row.recording}": row.number for row in rows}


def _of_cut_off_ingest(store: LocalBlobs, path: str, urn: str, number: str) -> Stray | Unfinished:
    try:
        found = validate_object(store, path)
        errors = [finding for finding in found.findings if finding.is_error]
        text = errors[0].message if errors else ""
    except LiuhenError as error:
        text = error.message
    if not text:
        return Unfinished(urn, number, store.name, path)
    return Stray(urn, Damage(store.name, path, None, None, "unfinished_damaged", f"{number}：{text}"))
