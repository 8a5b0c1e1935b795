"""A period asked for as a number and its unit, and given as packs write it."""

from __future__ import annotations

from typing import Any

from django import forms

UNITS = (
    ("PT{}H", "小时（节假日照算）"),
    ("P{}WD", "个工作日"),
    ("P{}D", "日"),
    ("P{}M", "个月"),
    ("P{}Y", "年"),
)


class _Both(forms.MultiWidget):
    template_name = "forms/period.html"

    def decompress(self, value: str | None) -> list[Any]:
        for unit, _ in UNITS:
            before, _, after = unit.partition("{}")
            if value and value.startswith(before) and value.endswith(after):
                number = value.removeprefix(before).removesuffix(after)
                if number.isdigit():
                    return [int(number), unit]
        return [None, UNITS[0][0]]


class PeriodField(forms.MultiValueField):
    """Cleans to PT24H, P2WD, P20D, P12M or P2Y; "" where no number is given."""

    def __init__(self, **kwargs: Any) -> None:
        parts = (forms.IntegerField(min_value=1, max_value=9999), forms.ChoiceField(choices=UNITS))
        widget = _Both(
            (
                forms.NumberInput({"min": 1, "max": 9999, "aria-label": "数目", "class": "form-control"}),
                forms.Select({"aria-label": "单位", "class": "form-select"}, choices=UNITS),
            )
        )
        super().__init__(parts, widget=widget, require_all_fields=False, **kwargs)

    def compress(self, data_list: list[Any]) -> str:
        if not data_list or not data_list[0]:
            return ""
        return str(data_list[1]).format(data_list[0])
