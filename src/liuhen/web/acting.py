"""One way to do an act from a page: a form page that calls a service, and a button that does.

- Wrong input comes back on the form; done leads on with a message; any other refusal is its own page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from liuhen.base.people.rules import Rule
from liuhen.base.recordings.selectors import NotFoundError
from liuhen.core.errors import UsageError

from .forms import done
from .people_in import could


@dataclass(frozen=True)
class FormPage:
    """What a form page says around its form; `back` is where it came from."""

    title: str
    submit: str
    back: str
    back_words: str
    intro: str = ""
    basis: str = ""


def form_page(
    request: HttpRequest,
    page: FormPage,
    form: forms.BaseForm,
    act: Callable[[dict[str, Any]], Any],
    *,
    said: str,
    to: str | Callable[[Any], str] = "",
    template: str = "form_page.html",
) -> HttpResponse:
    """Show `form`, or do `act(cleaned_data)` and go on to `to` (default: back)."""
    results: list[Any] = []
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        if done(form, lambda: results.append(act(cleaned))):
            messages.success(request, said)
            return redirect(to(results[0]) if callable(to) else to or page.back)
    status = 200 if request.method != "POST" else 422
    return render(request, template, {"page": page, "form": form}, status=status)


def button(request: HttpRequest, act: Callable[[str], Any], *, said: str, to: str) -> HttpResponse:
    """Do `act(reason)` for a POST from a confirm form; wrong input is a message where one was."""
    try:
        act(request.POST.get("reason", "").strip())
    except UsageError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect(to)


def only(request: HttpRequest, rule: Rule | None) -> None:
    """A page for those whom the rule might ever allow. Raises NotFoundError for everyone else."""
    if not could(request, rule):
        raise not_there()


def not_there() -> NotFoundError:
    return NotFoundError(
        "没有这项内容，或不属于您的权限。",
        remedy="请从菜单进入；确需办理的，请由系统管理员提出授权、安全管理员确认。",
    )
