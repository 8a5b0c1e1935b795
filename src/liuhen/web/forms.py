"""Forms through Django's own renderer, in Bootstrap's markup; and acts whose refusal belongs on the form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from liuhen.core.errors import LiuhenError, UsageError

_CHOSEN = ("select.html", "select_date.html")
_TICKED = ("checkbox.html", "radio.html", "checkbox_option.html", "radio_option.html", "input_option.html")


class BootstrapRenderer(TemplatesSetting):
    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        widget = context.get("widget")
        if isinstance(widget, dict) and "attrs" in widget:
            widget["attrs"] = {**widget["attrs"], "class": _class_of(template_name, widget["attrs"])}
        return super().render(template_name, context, request)


def _class_of(template_name: str, attrs: dict[str, Any]) -> str:
    name = template_name.rpartition("/")[2]
    base = "form-select" if name in _CHOSEN else "form-check-input" if name in _TICKED else "form-control"
    return f"{base} {attrs.get('class', '')}".strip()


@contextmanager
def refusals_on(form: forms.BaseForm) -> Iterator[None]:
    """`with refusals_on(form): services.do(…)`: what is wrong with the input is said on the form itself."""
    try:
        yield
    except UsageError as error:
        form.add_error(None, str(error))


def done(form: forms.BaseForm, act: Callable[[], Any]) -> bool:
    """Did the act go through? Else the form says why. LiuhenErrors that are no usage go on to their page."""
    with refusals_on(form):
        act()
    return not form.errors


def moment_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateTimeField:
    """A moment in Shanghai's time, to the second."""
    widget = forms.DateTimeInput({"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
    return forms.DateTimeField(label=label, required=required, widget=widget, help_text=help_text)


class ReasonForm(forms.Form):
    """What every act that needs a reason asks."""

    reason = forms.CharField(label="理由", max_length=500, widget=forms.Textarea({"rows": 2}), strip=True)


__all__ = ["BootstrapRenderer", "LiuhenError", "ReasonForm", "done", "moment_field", "refusals_on"]
