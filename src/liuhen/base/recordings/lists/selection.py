"""Which recordings somebody means: those ticked, or all that a search finds, told as the search and not as ids.

Either way each is held against what the person may see, when it is used and not when it was chosen.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from liuhen.base.people.models import Account
from liuhen.core.errors import UsageError

from ..acts import reach_of
from ..models import Recording
from .filters import Filters
from .search import count, everything

MOST_PICKED = 5_000
_SLICE = 500


@dataclass(frozen=True)
class Selection:
    """`filters` None: the recordings named by `keys`, in their order."""

    keys: tuple[uuid.UUID, ...] = ()
    filters: Filters | None = None

    @classmethod
    def picked(cls, keys: Iterable[str]) -> Selection:
        """From a form. Raises UsageError for none, for too many, and for what names nothing."""
        try:
            found = tuple(dict.fromkeys(uuid.UUID(key.strip()) for key in keys if key.strip()))
        except ValueError as error:
            raise UsageError("所选内容无效。", remedy="请回到列表重新勾选。") from error
        if not found:
            raise UsageError("没有选中任何记录。", remedy="请先在列表中勾选，或选择“全部搜索结果”。")
        if len(found) > MOST_PICKED:
            raise UsageError(
                f"一次最多勾选 {MOST_PICKED} 条。", remedy="请改用“全部搜索结果”，用搜索条件来限定。"
            )
        return cls(found)

    @classmethod
    def whole(cls, query: str) -> Selection:
        return cls(filters=Filters.read(parse_qs(query)))

    def rows(self, person: Account, at: datetime) -> Iterator[Recording]:
        if self.filters is not None:
            yield from everything(person, self.filters, at=at)
            return
        reach = reach_of(person, at)
        for first in range(0, len(self.keys), _SLICE):
            some = self.keys[first : first + _SLICE]
            rows = Recording.objects.filter(pk__in=some).select_related("device", "holder", "unit")
            found = {row.pk: row for row in rows if reach is not None and reach.holds(row)}
            yield from (found[key] for key in some if key in found)

    def count(self, person: Account, at: datetime) -> int | None:
        """How many; None where a search's words are so common that nothing is counted."""
        if self.filters is not None:
            return count(person, self.filters, at=at)
        return sum(1 for _ in self.rows(person, at))

    def as_json(self) -> dict[str, Any]:
        if self.filters is not None:
            return {"query": self.filters.pairs()}
        return {"keys": [str(key) for key in self.keys]}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Selection:
        if "keys" in told:
            return cls(tuple(uuid.UUID(key) for key in told["keys"]))
        given: dict[str, list[str]] = {}
        for name, value in told["query"]:
            given.setdefault(name, []).append(value)
        return cls(filters=Filters.read(given))
