"""两部比较: where two regulations say different things, in words; also what adopting a version would change."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from liuhen.base.packs import known, pack_of
from liuhen.core.rules.calendar import Period
from liuhen.core.rules.conflicts import differences
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.terms import NAMES

from .rules import DUTY, pack_named

_AREAS = {
    "deadlines": "时限",
    "retention": "保管期限",
    "span": "全程记录",
    "matters": "记录事项",
    "approvers": "批准人",
    "forms": "表单",
    "reports": "报告",
    "discs": "光盘",
}


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    names = known()
    one = pack_named(request.GET.get("one", names[0]))
    other = pack_named(request.GET.get("other", names[1]))
    context = {
        "one": one,
        "other": other,
        "rows": changes(one, other),
        "packs": [pack_of(name) for name in names],
    }
    return render(request, "rules/compare.html", context)


def changes(before: Pack, after: Pack) -> list[dict[str, str]]:
    """Area, key, before and after, as the page prints them."""
    matters = {matter.code: matter.name for pack in (after, before) for matter in pack.matters}
    return [
        {"area": _AREAS[row["area"]], "key": matters.get(row["key"]) or _key(row["key"]), **_both(row)}
        for row in differences(before, after)
    ]


_KEYS = {
    "case": "已立案",
    "evidence": "作为证据",
    "events": "有所列情形",
    "matters": "所列事项",
    "always": "一般情形",
    "internal": "内部调阅",
    "external": "外部调取",
    "party": "当事人复制",
    "supervision": "监督、复议等利用",
    "full_span": "起止",
    "unrecorded": "未记录",
    "interruption": "中断",
    "long_term": "长期保存",
}


def _key(key: str) -> str:
    first, *rest = key.split(" ")
    words = _KEYS.get(first) or NAMES.get(first) or first
    return words if not rest else f"{words}：{'、'.join(NAMES.get(one, one) for one in rest)}"


def _both(row: dict[str, Any]) -> dict[str, str]:
    return {side: _value(row[side]) for side in ("before", "after")}


def _value(value: Any) -> str:
    if value is None:
        return "没有规定"
    if isinstance(value, dict):
        said = [f"{_FIELDS[key]} {_value(one)}" for key, one in value.items() if one not in (None, [], False)]
        return "，".join(said)
    if isinstance(value, list):
        return "、".join(NAMES.get(one, str(one)) for one in value)
    if value is True:
        return "是"
    known = {**DUTY, "period": "定期", "follows_dossier": "随案卷", "permanent": "永久"}
    return known.get(str(value)) or NAMES.get(str(value)) or _length(str(value))


_FIELDS = {
    "article": "条号",
    "from": "起于",
    "until": "止于",
    "within": "期限",
    "same_day": "当日",
    "exception": "例外",
    "rule": "方式",
    "period": "期限",
    "grounds": "情形",
    "causes": "情形",
    "to": "报",
    "copies": "份数",
    "disc": "光盘",
}


def _length(text: str) -> str:
    try:
        return Period.parse(text).in_words()
    except ValueError:
        return text
