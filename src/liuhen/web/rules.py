"""规定: what each regulation says, article by article, and what carries it out; its questions with their rulings.

- For everybody who is signed in: these are published texts and the office's own rulings of them.
- Nothing is judged here: `core.rules` answers, this page shows.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from liuhen.base.basis import article_in_words
from liuhen.base.packs import asked_of, known, pack_of
from liuhen.base.people.models import Agency
from liuhen.base.rulebook import acts
from liuhen.base.rulebook.selectors import answers_of
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.rulings import filled
from liuhen.core.rules.terms import NAMES
from liuhen.doors.coverage import covered

from .acting import not_there
from .ledger import LABELS
from .navigation import MENU
from .people_in import could, person_in

_STATUS = {"carried_out": ("ok", "已执行"), "accounted": ("plain", "无须执行"), "open": ("wait", "待建")}
_NEEDS = {
    "equipment": "设备管理",
    "fieldwork": "现场执法",
    "casework": "案卷归档",
    "access": "调阅调取",
    "oversight": "监督检查",
    "preservation": "保管处置",
}
_ACCOUNTED = {
    "purpose": "立制目的",
    "definition": "定义",
    "principle": "原则",
    "effect": "施行",
    "reference": "援引",
}
_BY = {"clock": "时限", "act": "办理事项", "screen": "页面", "rule": "规则", "check": "检查", "form": "表单"}
DUTY = {"must": "必须", "should": "应当", "as_fit": "视情", "need_not": "不要求"}


def pack_named(name: str) -> Pack:
    """A pack by its id, never by a path. Raises NotFoundError."""
    if name not in known():
        raise not_there()
    return pack_of(name)


@require_safe
def regulations(request: HttpRequest) -> HttpResponse:
    """The five, the office's own, and the doors to the other pages."""
    agency = person_in(request).agency
    rows = [
        {"pack": pack, "mine": pack.id == agency.pack, **_numbers(pack, agency)}
        for pack in map(pack_of, known())
    ]
    return render(request, "rules/regulations.html", {"rows": rows})


def _numbers(pack: Pack, agency: Agency) -> dict[str, int]:
    status = [article.status for article in pack.articles.values()]
    return {
        "carried": status.count("carried_out"),
        "open": status.count("open"),
        "questions": sum(one.ruling is None for one in asked_of(pack, answers_of(agency, pack.id))),
    }


@require_safe
def regulation(request: HttpRequest, name: str) -> HttpResponse:
    pack = pack_named(name)
    answers = answers_of(person_in(request).agency, name)
    questions = asked_of(pack, answers)
    written = filled(pack, answers)
    rows = [
        {
            "article": row["article"],
            "words": article_in_words(name, row["article"]).partition("》")[2],
            "annex": pack.annexes.get(row["article"].partition("/")[0], "") if "/" in row["article"] else "",
            "gist": row["gist"],
            "status": _STATUS[row["status"]],
            "how": _how(row),
            "items": _items(pack, row["article"]),
            "questions": [one for one in questions if row["article"] in one.articles],
            "slots": [
                {"slot": slot, "text": written.get(slot.code)}
                for slot in pack.slots
                if slot.article == row["article"]
            ],
        }
        for row in covered(pack)
    ]
    context = {
        "pack": pack,
        "rows": rows,
        "questions": [one for one in questions if not one.articles],
        "rules": could(request, acts.RULE.who),
    }
    return render(request, "rules/regulation.html", context)


def _how(row: dict[str, Any]) -> str:
    if row["status"] == "open":
        return "等待：" + "、".join(_NEEDS[one] for one in row["needs"])
    if row["status"] == "accounted":
        return _ACCOUNTED[row["accounted"]]
    return "、".join(f"{_BY[by['kind']]}“{_called(by)}”" for by in row["carried_out_by"])


def _called(by: dict[str, str]) -> str:
    """What people here call it: the act's or the page's own name."""
    doors = {door.url: door.label for section in MENU for door in section.doors}
    names = {"act": LABELS, "screen": doors, "rule": {"retention": "保管期限"}}.get(by["kind"], NAMES)
    return names.get(by["name"], by["name"])


def _items(pack: Pack, number: str) -> list[str]:
    """What the pack holds of one article, a sentence each."""
    found: list[str] = []
    for name in type(pack).model_fields:
        value = getattr(pack, name)
        if name in ("slots", "questions"):
            continue  # told on their own, with what the office made of them
        rows = value if isinstance(value, tuple) else (value,)
        found += [_said(row) for row in rows if getattr(row, "article", None) == number]
    return found


def _said(row: Any) -> str:
    text = getattr(row, "text", None) or getattr(row, "name", None)
    if text is None and hasattr(row, "triggers"):
        text = "；".join(one.text for one in row.triggers) + "：长期保存"
    if text is None and hasattr(row, "statement"):
        text = "刻成光盘，写明" + "、".join(row.statement)
    duty = f"（{DUTY[row.duty]}记录）" if getattr(row, "duty", None) in DUTY else ""
    script = f"用语：“{_blanks(row.script)}”" if getattr(row, "script", None) else ""
    papers = f"；须交：{'、'.join(row.papers)}" if getattr(row, "papers", ()) else ""
    return f"{text}{duty}{script}{papers}"


def _blanks(script: str) -> str:
    return script.format(officer="×××", officer2="×××", agency="×××")
