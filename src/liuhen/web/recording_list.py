"""Finding recordings: the list with its counts, and what is done with those that are selected."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from liuhen.base.people.models import SYNTHETIC
from liuhen.base.recordings import acts
from liuhen.base.recordings.lists.selection import Selection
from liuhen.core.errors import UsageError

from .acting import only
from .found import RECORDINGS, Chosen, Found
from .people_in import could, person_in
from .printed import printed
from .sheets import workbook

ALL, PICKED = "all", "picked"


@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    """Whoever can have no recording in any agency finds no such page."""
    only(request, acts.BROWSE)
    person = person_in(request)
    found = Found(request, RECORDINGS, ())
    face = request.GET.get("as", "")
    if face == "xlsx":
        return workbook(found)
    if face == "print":
        return printed(found)
    context = {
        "found": found,
        "may_assign": could(request, acts.ASSIGN.who),
        "synthetic": person.agency.code == SYNTHETIC,
    }
    return render(request, "recordings/list.html", context)


@require_POST
def selected(request: HttpRequest) -> HttpResponseBase:
    """Excel or print of a selection; assigning it has a page of its own."""
    only(request, acts.BROWSE)
    chosen = Chosen(request, RECORDINGS, (), selection=selection_in(request))
    face = request.POST.get("do", "")
    if face == "xlsx":
        return workbook(chosen)
    if face == "print":
        return printed(chosen)
    raise UsageError("没有说明要做什么。", remedy="请用列表上方的按钮办理。")


def selection_in(request: HttpRequest) -> Selection:
    """From a list's form: the search itself, or what was ticked, here and on other pages. Raises UsageError."""
    if request.POST.get("scope") == ALL:
        return Selection.whole(request.POST.get("query", ""))
    ticked = [*request.POST.getlist("pick"), *request.POST.get("picked", "").split(",")]
    return Selection.picked(ticked)


def told_again(selection: Selection) -> list[tuple[str, str]]:
    """The fields of a form that carries the selection on."""
    if selection.filters is not None:
        return [("scope", ALL), ("query", urlencode(selection.filters.pairs()))]
    return [("scope", PICKED), ("picked", ",".join(str(key) for key in selection.keys))]
