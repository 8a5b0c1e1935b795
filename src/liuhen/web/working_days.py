"""工作日历: which days are worked, year by year, with the notice it rests on."""

from __future__ import annotations

from calendar import Calendar as Weeks
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from liuhen.base.packs import calendar


@require_safe
def working_days(request: HttpRequest) -> HttpResponse:
    known = calendar()
    years = sorted(known.sources)
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdigit() and int(asked) in years else years[-1]
    months = [
        {"month": month, "weeks": [[_day(day, month) for day in week] for week in _weeks(year, month)]}
        for month in range(1, 13)
    ]
    return render(
        request,
        "rules/calendar.html",
        {"year": year, "years": years, "source": known.sources[year], "months": months},
    )


def _weeks(year: int, month: int) -> list[list[date]]:
    return Weeks().monthdatescalendar(year, month)


def _day(day: date, month: int) -> dict[str, Any]:
    known = calendar()
    kind = (
        ""
        if day.month != month
        else ("worked" if day in known.worked else "" if known.is_working(day) else "off")
    )
    if kind == "off" and day in known.off:
        kind = "holiday"
    return {"number": day.day if day.month == month else "", "kind": kind}
