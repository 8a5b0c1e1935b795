"""What is registered of an activity, in words: for its page and its sheet."""

from __future__ import annotations

from typing import Any

from liuhen.base.basis import article_in_words
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.terms import NAMES
from liuhen.stages.fieldwork.checks import Judged
from liuhen.stages.fieldwork.models import Activity
from liuhen.stages.fieldwork.words import mark_in_words

from .activity_items import MOMENTS
from .rules import DUTY

PHASES = {"进行中": "busy", "未到场": "wait", "已结束": "wait", "已返回": "good", "作废": "bad"}


def facts_of(activity: Activity, judged: Judged) -> dict[str, Any]:
    carried = activity.carried.select_related("device", "officer").order_by("device__serial")
    officers = activity.participants.select_related("officer").order_by("officer__staff_no")
    return {
        "matter": matter_words(activity, judged.pack),
        "phase_tone": PHASES.get(activity.phase, ""),
        "officers": [one.officer for one in officers],
        "carried": list(carried),
        "circumstances": [NAMES.get(one, one) for one in activity.circumstances],
        "events": [NAMES.get(one, one) for one in activity.events],
        "happened": [mark_in_words(judged.pack, one) for one in activity.happened],
        "moments": [(words, getattr(activity, name)) for name, words in MOMENTS],
    }


def matter_words(activity: Activity, pack: Pack | None) -> dict[str, str]:
    """The matter as the regulation calls it, how binding it is there, and where."""
    if not activity.matter:
        return {"name": "未登记", "duty": "", "basis": ""}
    row = next((one for one in pack.matters if one.code == activity.matter), None) if pack else None
    if row is None or pack is None:
        return {"name": NAMES.get(activity.matter, activity.matter), "duty": "规定的清单中没有", "basis": ""}
    return {
        "name": row.name,
        "duty": f"{DUTY[row.duty]}记录",
        "basis": article_in_words(pack.id, row.article),
    }
