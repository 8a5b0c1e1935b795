"""What each kind of ledger entry tells of its matter. A stage adds its kinds with `tells`; nothing here knows a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Told = dict[str, Any]  # FACTS.json, and `met`: duty -> when
Entry = dict[str, Any]
Fold = Callable[[Told, Entry], None]

_FOLDS: dict[str, Fold] = {}


def tells(kind: str, fold: Fold) -> None:
    """Let entries of this kind change the facts of their subject. Raises ValueError for a kind that has a fold."""
    if _FOLDS.setdefault(kind, fold) is not fold:
        raise ValueError(f"two folds for {kind}")


def no_longer_tells(kind: str) -> None:
    _FOLDS.pop(kind, None)


def kinds() -> list[str]:
    return list(_FOLDS)


def fold(told: Told, entry: Entry) -> None:
    _FOLDS[entry["kind"]](told, entry)


def _stored(told: Told, entry: Entry) -> None:
    """A recording came into the store: when it ended, when its card was handed over, when it was stored."""
    data = entry["data"]
    told["recordings"] = [{"ended_at": data.get("ended_at")}]
    told["handover"] = {"at": data.get("handed_over_at")}
    told.setdefault("met", {})["store"] = entry["at"]


tells("recording.stored", _stored)
