"""What a mark is called, wherever it is shown."""

from __future__ import annotations

from liuhen.core.rules.pack import Pack
from liuhen.core.rules.terms import NAMES
from liuhen.stages.fieldwork.marking import choices


def mark_label(code: str, pack: Pack | None) -> str:
    """What a mark is called: by the regulation of the activity, else by its code."""
    known = {one.code: one.label for one in choices(pack)}
    fixed = {"notice": "告知当事人", "opening": "开场说明", "interruption_reason": "语音说明中断原因"}
    return known.get(code) or fixed.get(code) or NAMES.get(code) or ("其他" if code == "other" else code)
