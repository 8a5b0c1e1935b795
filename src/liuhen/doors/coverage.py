"""Article by article: what carries it out, looked up where it stands and never taken at its word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from liuhen.core.errors import DamagedError
from liuhen.core.rules.errors import Fault
from liuhen.core.rules.pack import By, Pack
from liuhen.core.rules.reading import place_of, read_yaml


class UnresolvedError(DamagedError):
    """A pack names something that is not there."""

    code = "coverage_unresolved"


def covered(pack: Pack) -> list[dict[str, Any]]:
    """One row an article, in the text's order. Raises UnresolvedError."""
    return [
        {
            "pack": pack.id,
            "article": number,
            "gist": article.gist,
            "status": article.status,
            "carried_out_by": [_resolved(pack, number, by) for by in article.by],
            "accounted": article.accounted,
            "needs": list(article.needs),
        }
        for number, article in pack.articles.items()
    ]


def unresolved(pack: Pack, folder: Path) -> list[Fault]:
    """What the articles of a pack name that is not there: for packs that do not ship with the program."""
    missing = [
        (number, place, by)
        for number, article in pack.articles.items()
        for place, by in enumerate(article.by)
        if not _is_there(pack, number, by)
    ]
    if not missing:
        return []
    path = folder / "pack.yaml"
    said = read_yaml(path)
    return [
        Fault(
            place_of(path, said, ("articles", number, "by", place)),
            f"第 {number} 条写着由“{by.name}”（{by.kind}）执行，程序里没有。",
            f"{_wanted(pack, number, by)}，或改写 needs、accounted。",
            "not_there",
        )
        for number, place, by in missing
    ]


def _wanted(pack: Pack, number: str, by: By) -> str:
    """Which names there are: of clocks and rules those that rest on this very article."""
    if by.kind == "clock":
        names: list[str] = [clock.duty for clock in pack.clocks if clock.article == number]
    elif by.kind == "rule":
        names = [name for name in Pack.model_fields if _is_rule(pack, number, name)]
    else:
        return "请改成有的名称（对照随程序的规则包）"
    return f"这一条可写：{'、'.join(names)}" if names else "请先写出这一条的规则"


def _is_there(pack: Pack, number: str, by: By) -> bool:
    return _LOOKED_UP[by.kind](pack, number, by.name)


def _resolved(pack: Pack, number: str, by: By) -> dict[str, str]:
    if not _is_there(pack, number, by):
        raise UnresolvedError(
            f"{pack.title}第 {number} 条写着由“{by.name}”执行，程序里没有。",
            remedy="请更正 pack.yaml 中 articles 的 by。",
        )
    return {"kind": by.kind, "name": by.name, "test": by.test}


def _is_clock(pack: Pack, number: str, name: str) -> bool:
    return any(clock.duty == name and clock.article == number for clock in pack.clocks)


def _is_rule(pack: Pack, number: str, name: str) -> bool:
    value = getattr(pack, name, None)
    rows = value if isinstance(value, tuple) else (value,)
    return any(getattr(row, "article", None) == number for row in rows)


def _is_act(pack: Pack, number: str, name: str) -> bool:
    from liuhen.base.deadlines import acts as deadlines
    from liuhen.base.devices import acts as devices
    from liuhen.base.people import acts as people
    from liuhen.base.recordings import acts as recordings
    from liuhen.base.rulebook import acts as rulebook
    from liuhen.stages.equipment import acts as equipment
    from liuhen.stages.fieldwork import acts as fieldwork
    from liuhen.stages.ingest import acts as ingest

    tables = (deadlines, devices, people, recordings, rulebook, equipment, fieldwork, ingest)
    return any(act.kind == name for table in tables for act in table.ALL)


def _is_screen(pack: Pack, number: str, name: str) -> bool:
    from django.urls import get_resolver

    return name in get_resolver().reverse_dict


def _is_form(pack: Pack, number: str, name: str) -> bool:
    """A paper that the program makes, asked for by that very article."""
    from liuhen.stages.fieldwork import papers, reporting

    if name not in papers.FORMS:
        return False
    rule = reporting.demanded(pack, name)
    return rule.asked and rule.article == number


def _is_check(pack: Pack, number: str, name: str) -> bool:
    """A finding that the program makes by itself, of fieldwork or of a file."""
    from liuhen.core.findings_words import WORDS
    from liuhen.core.media.findings import FINDINGS

    return name in WORDS or name in FINDINGS


_LOOKED_UP: dict[str, Callable[[Pack, str, str], bool]] = {
    "clock": _is_clock,
    "rule": _is_rule,
    "act": _is_act,
    "screen": _is_screen,
    "check": _is_check,
    "form": _is_form,
}
