"""A pack out of the common parameters: what an office can answer in an hour, written as `pack.yaml` and examples.

- A parameter without an article is left out, and the pack's silence is then told as a question.
- An article that no parameter names says in brackets what it is: `9 每季度抽查 [监督检查]`.
- Examples are computed once by the engine and written down for a lawyer to check, article by article.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML

from .calendar import Calendar
from .clocks import duties_of
from .errors import Fault, PackError
from .facts import facts_from
from .pack import Pack
from .retention import retention_of
from .terms import NAMES

MEANINGS = {
    "立制目的": ("accounted", "purpose"),
    "定义": ("accounted", "definition"),
    "原则": ("accounted", "principle"),
    "施行": ("accounted", "effect"),
    "援引": ("accounted", "reference"),
    "设备管理": ("needs", "equipment"),
    "现场执法": ("needs", "fieldwork"),
    "案卷归档": ("needs", "casework"),
    "调阅调取": ("needs", "access"),
    "监督检查": ("needs", "oversight"),
    "保管处置": ("needs", "preservation"),
}
_LINE = re.compile(r"第?\s*((?:\d{1,2}/)?\d{1,3})\s*条?[ \t　、.]+(.+?)\s*(?:[\[【](.+?)[\]】])?")


@dataclass(frozen=True)
class Parameters:
    """What is asked. An article number "" leaves its part out; periods are written PT24H, P2WD, P20D, P12M."""

    id: str
    title: str
    agency: str
    agency_kind: str
    version: str
    in_force: date | None
    roles: dict[str, str]
    articles: str
    matters: tuple[tuple[str, str], ...] = ()
    matters_article: str = ""
    notice_article: str = ""
    notice_script: str = ""
    unrecorded_article: str = ""
    grounds: tuple[str, ...] = ()
    unrecorded_within: str = ""
    interruption_article: str = ""
    causes: tuple[str, ...] = ()
    handover_article: str = ""
    handover_within: str = ""  # "" is: on the same day
    circumstances: tuple[str, ...] = ()
    exception_within: str = ""
    retention_article: str = ""
    with_dossier: bool = False
    period: str = ""
    minimum: bool = True
    permanent_article: str = ""
    permanent: tuple[str, ...] = ()
    long_term_article: str = ""
    long_term: tuple[str, ...] = ()
    copies: int = 1


def written(told: Parameters, calendar: Calendar) -> tuple[str, str]:
    """`pack.yaml` and `examples.yaml` as texts. Raises PackError for article lines that cannot be placed.

    What else is wrong is left for whoever reads the texts: faults are told with their lines there.
    """
    parts = _pack(told)
    examples = _examples(told)
    with suppress(ValidationError):
        pack = Pack.model_validate(parts)
        examples = [one | _results(pack, one["facts"], calendar) for one in examples]
    return _yaml(parts), _yaml({"examples": examples})


def _yaml(value: Any) -> str:
    out = StringIO()
    writer = YAML()
    writer.width = 110
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.dump(value, out)
    return out.getvalue()


def _pack(told: Parameters) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "id": told.id,
        "title": told.title,
        "agency": told.agency,
        "agency_kind": told.agency_kind,
        "version": told.version,
        "in_force": told.in_force,
        "roles": dict(told.roles),
        "matters": [
            {"code": code, "name": name, "duty": "must", "article": told.matters_article}
            for code, name in told.matters
            if told.matters_article
        ],
        "notice": _notice(told),
        "unrecorded": _unrecorded(told),
        "interruption": _interruption(told),
        "clocks": [_handover(told)] if told.handover_article else [],
        "retention": list(_retention(told)),
        "long_term": _long_term(told),
    }
    kept = {key: value for key, value in parts.items() if value not in ([], None) or key == "in_force"}
    return kept | {"articles": _articles(told)}


def _notice(told: Parameters) -> dict[str, Any] | None:
    if not told.notice_article:
        return None
    said: dict[str, Any] = {"article": told.notice_article, "text": "开始时告知当事人正在录音录像"}
    if told.notice_script:
        blanks = [name for name in ("officer", "officer2", "agency") if f"{{{name}}}" in told.notice_script]
        said |= {"script": told.notice_script, "placeholders": blanks}
    return said


def _unrecorded(told: Parameters) -> dict[str, Any] | None:
    if not told.unrecorded_article:
        return None
    return {
        "article": told.unrecorded_article,
        "grounds": list(told.grounds),
        "within": told.unrecorded_within or None,
        "to": "leader",
        "text": "没有记录的，制作工作记录报" + told.roles["leader"],
    }


def _interruption(told: Parameters) -> dict[str, Any] | None:
    if not told.interruption_article:
        return None
    return {
        "article": told.interruption_article,
        "causes": list(told.causes),
        "to": "leader",
        "text": "恢复时语音说明原因；不能继续的立即报告，事后书面说明",
    }


def _handover(told: Parameters) -> dict[str, Any]:
    clock: dict[str, Any] = {
        "duty": "handover",
        "article": told.handover_article,
        "start": "ended_at",
        "met_by": "handover_at",
        "who": "officer",
        "to": "custodian",
        "text": "活动结束后移交音像记录",
    }
    clock |= {"within": told.handover_within} if told.handover_within else {"same_day": True}
    if told.circumstances and told.exception_within:
        clock["exception"] = {
            "circumstances": list(told.circumstances),
            "within": told.exception_within,
        }
    return clock


def _retention(told: Parameters) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    if told.permanent_article and told.permanent:
        events = list(told.permanent)
        rules.append(
            {
                "article": told.permanent_article,
                "when": "events",
                "events": events,
                "rule": "permanent",
                "text": "、".join(NAMES[one] for one in events) + "的，永久保存",
            }
        )
    if told.retention_article and told.with_dossier:
        rules.append(
            {
                "article": told.retention_article,
                "when": "case",
                "rule": "follows_dossier",
                "text": "立案的与案卷同期",
            }
        )
    if told.retention_article and told.period:
        rules.append(
            {
                "article": told.retention_article,
                "when": "always",
                "rule": "period",
                "period": told.period,
                "minimum": told.minimum,
                "text": "其他的定期保存",
            }
        )
    return rules


def _long_term(told: Parameters) -> dict[str, Any] | None:
    if not told.long_term_article or not told.long_term:
        return None
    trigger = {"text": "、".join(NAMES[one] for one in told.long_term), "events": list(told.long_term)}
    return {"article": told.long_term_article, "copies": told.copies, "triggers": [trigger]}


# -- articles


def _articles(told: Parameters) -> dict[str, Any]:
    parts = _named_by(told)
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for count, line in enumerate(filter(None, map(str.strip, told.articles.splitlines())), start=1):
        place = f"条文第 {count} 行"
        match = _LINE.fullmatch(line)
        if match is None:
            faults.append(
                Fault(
                    place, f"“{line[:40]}”读不懂。", "请写成：条号 空格 要旨，如 3 告知当事人。", "bad_line"
                )
            )
            continue
        number, gist, meaning = match.groups()
        if number in found:
            faults.append(Fault(place, f"第 {number} 条写了两次。", "请只留一行。", "written_twice"))
        elif number in parts:
            found[number] = {"gist": gist, **parts[number]}
        elif meaning in MEANINGS:
            key, value = MEANINGS[meaning]
            found[number] = {"gist": gist, key: [value] if key == "needs" else value}
        else:
            remedy = f"请在这一行末尾注明，如 [原则]。可用：{'、'.join(MEANINGS)}。"
            faults.append(
                Fault(
                    place,
                    f"第 {number} 条没有参数引用，也没有注明属于哪一类。",
                    remedy,
                    "article_unaccounted",
                )
            )
    if faults:
        raise PackError("条文没有列全", faults)
    return found


def _named_by(told: Parameters) -> dict[str, dict[str, Any]]:
    """What the parameters say carries their articles out; two of one article need both."""
    needs: dict[str, list[str]] = {}
    for number, capability in (
        (told.matters_article, "fieldwork"),
        (told.notice_article, "fieldwork"),
        (told.unrecorded_article, "fieldwork"),
        (told.interruption_article, "fieldwork"),
        (told.retention_article, "preservation"),
        (told.permanent_article, "preservation"),
        (told.long_term_article, "preservation"),
    ):
        if number and capability not in needs.setdefault(number, []):
            needs[number].append(capability)
    parts: dict[str, dict[str, Any]] = {number: {"needs": some} for number, some in needs.items()}
    if told.handover_article:
        parts.setdefault(told.handover_article, {"by": [{"kind": "clock", "name": "handover"}]})
    return parts


# -- examples

_ENDED = "2026-03-10T17:00:00+08:00"


def _examples(told: Parameters) -> list[dict[str, Any]]:
    recorded = {"recordings": [{"ended_at": _ENDED}]}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("普通检查，结束后移交", told.handover_article, {"activity": {"ended_at": _ENDED}}),
        ("没有立案的记录保存多久", told.retention_article if told.period else "", recorded),
        (
            "已经立案的记录保存多久",
            told.retention_article if told.with_dossier else "",
            recorded | {"case": {"filed_at": "2026-03-12T09:00:00+08:00"}},
        ),
        (
            "没有记录",
            told.unrecorded_article if told.grounds else "",
            {"activity": {"ended_at": _ENDED, "not_recorded": {"ground": next(iter(told.grounds), None)}}},
        ),
        (
            "中断后不能继续",
            told.interruption_article if told.causes else "",
            {
                "activity": {
                    "interruptions": [
                        {"cause": next(iter(told.causes), None), "at": "2026-03-10T10:00:00+08:00"}
                    ]
                }
            },
        ),
        ("永久保存的情形", told.permanent_article if told.permanent else "", _happened(told.permanent)),
        ("长期保存的情形", told.long_term_article if told.long_term else "", _happened(told.long_term)),
    ]
    return [{"name": name, "articles": [number], "facts": facts} for name, number, facts in asked if number]


def _happened(events: tuple[str, ...]) -> dict[str, Any]:
    return {"activity": {"events": list(events[:1])}, "recordings": [{"ended_at": _ENDED}]}


def _results(pack: Pack, told: dict[str, Any], calendar: Calendar) -> dict[str, Any]:
    facts = facts_from(json.dumps(told), "facts")
    rows = [due.as_json() for due in duties_of(pack, facts, calendar)]
    duties = [{key: row[key] for key in ("duty", "article", "due_at", "state")} for row in rows]
    kept = retention_of(pack, facts).as_json()
    retention = {key: kept[key] for key in ("rule", "article", "until", "long_term")}
    return {"duties": duties} | ({"retention": retention} if facts.recordings else {})
