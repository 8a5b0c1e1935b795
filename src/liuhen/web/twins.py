"""What is told a second time is asked about on its form: the way to the first, and a tick to go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.http import HttpRequest
from django.urls import reverse

from liuhen.stages.fieldwork.errors import TwinError
from liuhen.stages.fieldwork.models import Report


@contextmanager
def asked_once(request: HttpRequest, form: forms.BaseForm, words: str) -> Iterator[None]:
    """`with asked_once(…): require_…`: the form offers the tick `words`; whoever ticked it is not held up."""
    try:
        yield
    except TwinError as error:
        if request.POST.get("again"):
            return
        twin = error.facts["twin"]
        route = "report" if isinstance(twin, Report) else "activity"
        form.twin = {"number": twin.number, "href": reverse(route, args=[twin.pk]), "words": words}  # type: ignore[attr-defined]
        raise
