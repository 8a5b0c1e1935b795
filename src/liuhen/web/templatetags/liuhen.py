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
    **dict.fromkeys(("stored", "in_use", "open", "confirmed", "in_force", "released", "done", "ok"), "good"),
    **dict.fromkeys(("to_assign", "proposed", "waiting", "queued", "partial", "warning", "retrying"), "wait"),
    **dict.fromkeys(("running", "copying", "info"), "busy"),
    **dict.fromkeys(("failed", "damaged", "missing", "declined", "error", "bad", "kept"), "bad"),
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
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit in ("B", "kB") or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.2f} TB"


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture beside words; it says nothing of its own."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("vendor/bootstrap-icons/icons.svg"),
        name,
    )
