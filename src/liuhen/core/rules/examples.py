"""`examples.yaml`: facts as a lawyer would tell them, and what must follow; part of the pack, run by `rules check`.

- Only what an example writes is compared; `duties` names rows that must be there, `no_duties` kinds that must not.
- Every article that the engine executes has an example (`missing`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, PrivateAttr, ValidationError

from .calendar import Calendar
from .clocks import duties_of
from .errors import FactsError, PackError
from .facts import facts_from
from .pack import Pack
from .reading import place_of, read_yaml, shape_faults
from .retention import retention_of
from .terms import DUTIES


class Example(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    articles: list[str]
    facts: dict[str, Any]
    at: AwareDatetime | None = None
    duties: list[dict[str, Any]] = []
    no_duties: list[str] = []
    retention: dict[str, Any] = {}
    _place: str = PrivateAttr(default="examples.yaml")

    @property
    def place(self) -> str:
        """`examples.yaml:12`: where it begins."""
        return self._place


class Examples(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    examples: list[Example]


@dataclass(frozen=True)
class Ran:
    """One example: what did not come out as it says; empty when all did."""

    example: Example
    faults: tuple[str, ...]


def read_examples(folder: Path) -> list[Example]:
    """Raises PackError; none where there is no file."""
    path = folder / "examples.yaml"
    if not path.exists():
        return []
    said = read_yaml(path)
    plain = json.loads(json.dumps(said, default=str, ensure_ascii=False))
    try:
        found = Examples.model_validate(plain).examples
    except ValidationError as error:
        faults = [replace(one, code="bad_example") for one in shape_faults(path, said, Examples, error)]
        raise PackError(f"{path.name} 不能使用", faults) from error
    for number, one in enumerate(found):
        one._place = place_of(path, said, ("examples", number)).partition(" ")[0]
    return found


def run(pack: Pack, examples: list[Example], calendar: Calendar) -> list[Ran]:
    return [Ran(example, tuple(_faults(pack, example, calendar))) for example in examples]


def _faults(pack: Pack, example: Example, calendar: Calendar) -> Iterator[str]:
    try:
        facts = facts_from(json.dumps(example.facts, ensure_ascii=False), "facts")
    except FactsError as error:
        yield from map(str, error.faults)
        return
    yield from _unknown(pack, example)
    rows = [due.as_json() for due in duties_of(pack, facts, calendar, at=example.at)]
    for wanted in example.duties:
        if not any(_holds(wanted, row) for row in rows):
            same = [row for row in rows if row["duty"] == wanted.get("duty")]
            yield f"没有这样的义务 {_short(wanted)}；实际为 {_short(same)}"
    for kind in example.no_duties:
        if any(row["duty"] == kind for row in rows):
            yield f"不应有义务 {kind}"
    kept = retention_of(pack, facts, at=example.at).as_json() if example.retention else {}
    for key, value in example.retention.items():
        if kept.get(key) != value:
            yield f"保管期限的 {key} 应为 {_short(value)}，实际为 {_short(kept.get(key))}"


def _unknown(pack: Pack, example: Example) -> Iterator[str]:
    """Words that would make an example say less than its author means: no such article, no such duty."""
    for number in example.articles:
        if number not in pack.articles:
            yield f"没有第 {number} 条，请核对 articles"
    for kind in example.no_duties:
        if kind not in DUTIES:
            yield f"no_duties 中没有代码 {kind}，可用：{'、'.join(DUTIES)}"


def _holds(wanted: dict[str, Any], row: dict[str, Any]) -> bool:
    return all(_same(value, row.get(key)) for key, value in wanted.items())


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, str) and isinstance(found, str) and wanted[:1].isdigit() and "T" in wanted:
        try:
            return datetime.fromisoformat(wanted) == datetime.fromisoformat(found)
        except ValueError:
            return False
    return bool(wanted == found)


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def executable(pack: Pack) -> set[str]:
    """The articles that the engine runs."""
    rules = [
        *pack.clocks,
        *pack.retention,
        pack.unrecorded,
        pack.interruption,
        pack.long_term,
        pack.evidence_disc,
    ]
    return {rule.article for rule in rules if rule is not None}


def missing(pack: Pack, examples: list[Example]) -> list[str]:
    """Executable articles that no example shows."""
    shown = {article for example in examples for article in example.articles}
    return [number for number in pack.articles if number in executable(pack) - shown]
