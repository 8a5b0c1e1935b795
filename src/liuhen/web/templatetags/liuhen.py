"""What every template may use: local times, sizes, the tone of a state, icons."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from liuhen.base import clock

register = template.Library()

# States of every stage by what they mean for the person who looks.
TONES: dict[str, str] = {
    **dict.fromkeys(
        ("stored", "in_use", "open", "confirmed", "in_force", "released", "done", "ok", "met", "reviewed"),
        "good",
    ),
    **dict.fromkeys(
        ("to_assign", "proposed", "waiting", "queued", "partial", "warning", "retrying", "repair"), "wait"
    ),
    **dict.fromkeys(("wait", "soon", "immediate", "pending"), "wait"),
    **dict.fromkeys(("running", "copying", "info", "进行中"), "busy"),
    **dict.fromkeys(("已结束", "未到场"), "wait"),
    "已返回": "good",
    **dict.fromkeys(
        ("failed", "damaged", "missing", "declined", "error", "bad", "kept", "overdue", "late", "lost"), "bad"
    ),
    "returned": "bad",
}


@register.filter
def tone(state: Any) -> str:
    """good, wait, busy, bad, or plain for what has ended."""
    return TONES.get(str(state), "plain")


@register.filter
def local(value: datetime | None) -> str:
    """Asia/Shanghai, to the second."""
    return clock.local(value) if value else "—"


@register.filter
def size(value: int | None) -> str:
    """Bytes in words: 1.5 GB; in powers of ten, as disks are sold."""
    if value is None:
        return "—"
    amount = float(value)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit in ("B", "KB") or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.2f} TB"


@register.filter
def milliseconds(value: int | None) -> str:
    """A length of time: 00:01:02.480."""
    if value is None:
        return "—"
    whole, rest = divmod(value, 1000)
    minutes, second = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{second:02d}.{rest:03d}"


@register.filter
def plain(value: float) -> str:
    """A number for a script: with a point, whatever the language."""
    return repr(float(value))


@register.filter
def get(known: dict[Any, Any], key: Any) -> Any:
    """What a table of words calls a code; the code itself where it has no word."""
    return known.get(key, key)


@register.filter
def words(value: str) -> list[str]:
    """The words of a line, for a short list in a template."""
    return value.split()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture beside words; it says nothing of its own."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("vendor/bootstrap-icons/icons.svg"),
        name,
    )
