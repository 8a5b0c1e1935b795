"""采用与施行: which regulation holds from which day; and adopting one, with everything that changes seen before.

- What is adopted is the very text that was looked over: it goes with the page and is read again when confirmed.
- Nothing is kept until then.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from liuhen.base import clock
from liuhen.base.packs import FILES, asked_of, folder_of, known, pack_of
from liuhen.base.people.models import Agency
from liuhen.base.rulebook import acts, services
from liuhen.base.rulebook.models import Adoption
from liuhen.base.rulebook.selectors import adoptions_of, book_of
from liuhen.base.rulebook.services import Candidate, superseded_on
from liuhen.core.errors import LiuhenError
from liuhen.core.rules.errors import PackError
from liuhen.core.rules.pack import Pack
from liuhen.core.rules.reading import LARGEST
from liuhen.doors.adopting import looked_over

from .acting import button, not_there, only
from .compare import changes
from .forms import done
from .people_in import could, person_in

Texts = dict[str, bytes]  # by file name


@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    """Every adoption with its days; the one of today, and those still to come."""
    agency = person_in(request).agency
    history = adoptions_of(agency)
    today = clock.now().astimezone(clock.SHANGHAI).date()
    context = {
        "rows": [_period(history, row, today) for row in history],
        "founded": pack_of(agency.founded_pack) if agency.founded_pack in known() else None,
        "adopts": could(request, acts.ADOPT.who),
    }
    return render(request, "rules/versions.html", context)


def _period(history: list[Adoption], row: Adoption, today: date) -> dict[str, Any]:
    until = superseded_on(history, row) if row.state == Adoption.State.ADOPTED else None
    if row.state == Adoption.State.WITHDRAWN:
        state = ("withdrawn", "已撤回")
    elif row.starts_on > today:
        state = ("wait", "待施行")
    else:
        state = ("plain", "已被取代") if until and until < today else ("ok", "施行中")
    return {"row": row, "until": until, "state": state, "known": row.pack in known()}


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_in(request)
    row = Adoption.objects.filter(agency=person.agency, pk=pk).first()
    if row is None:
        raise not_there()
    return button(
        request,
        lambda reason: services.withdraw(row, reason=reason, by=person, at=clock.now()),
        said="已撤回，施行的仍是原来的规定。",
        to=reverse("rules_versions"),
    )


class AdoptForm(forms.Form):
    """Which pack, from which day."""

    pack = forms.ChoiceField(label="规则包", required=False)
    pack_file = forms.FileField(label="或上传 pack.yaml", required=False)
    examples_file = forms.FileField(label="和它的 examples.yaml", required=False)
    starts_on = forms.DateField(label="起始日期", widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "上传一个"), *((name, pack_of(name).title) for name in known())]
        self.fields["pack"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if bool(told.get("pack")) == bool(told.get("pack_file")):
            self.add_error("pack", "请选一个规则包，或上传一个 pack.yaml，二者取一。")
        for name in ("pack_file", "examples_file"):
            if told.get(name) and told[name].size > LARGEST:
                self.add_error(name, f"文件超过 {LARGEST >> 20} MB。")
        return told

    def texts(self) -> Texts:
        told = self.cleaned_data
        if told["pack"]:
            folder = folder_of(told["pack"])
            return {name: (folder / name).read_bytes() for name in FILES if (folder / name).is_file()}
        files = dict(zip(FILES, (told["pack_file"], told["examples_file"]), strict=True))
        return {name: file.read() for name, file in files.items() if file}


@require_http_methods(["GET", "POST"])
def adopt(request: HttpRequest) -> HttpResponse:
    """Choose; what follows is the preview."""
    only(request, acts.ADOPT.who)
    form = (
        AdoptForm(request.POST, request.FILES)
        if request.method == "POST"
        else AdoptForm(initial={"pack": request.GET.get("pack", "")})
    )
    if form.is_bound and form.is_valid():
        return preview(request, form.texts(), form.cleaned_data["starts_on"])
    return render(request, "rules/adopt.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Adopt the text that was looked over. What is wrong by now comes back on the preview."""
    only(request, acts.ADOPT.who)
    person = person_in(request)
    form = ConfirmForm(request.POST)
    texts = form.texts()
    starts_on = form.cleaned_data.get("starts_on")
    if starts_on is None:
        return preview(request, texts, None, form)
    try:
        with _read(texts) as chosen:
            title = chosen.pack.title
            if done(
                form, lambda: services.adopt(chosen, person.agency, starts_on, by=person, at=clock.now())
            ):
                messages.success(request, f"自 {starts_on} 起执行{title}。")
                return redirect("rules_versions")
    except PackError:
        pass  # the preview says what is wrong
    return preview(request, texts, starts_on, form)


class TextsForm(forms.Form):
    """The texts as bytes: a browser would change their line ends."""

    pack = forms.CharField(max_length=LARGEST * 2)
    examples = forms.CharField(required=False, max_length=LARGEST * 2)

    def texts(self) -> Texts:
        """Raises NotFoundError for what the preview never sent."""
        if not self.is_valid() and {"pack", "examples"} & set(self.errors):
            raise not_there()
        told = (self.cleaned_data["pack"], self.cleaned_data["examples"])
        try:
            found = [base64.b64decode(text, validate=True) for text in told]
        except (binascii.Error, ValueError) as error:
            raise not_there() from error
        return {name: text for name, text in zip(FILES, found, strict=True) if text}


class ConfirmForm(TextsForm):
    starts_on = forms.DateField(label="起始日期", widget=forms.DateInput({"type": "date"}))


@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """The texts of a preview, to go on with elsewhere. Nothing is kept."""
    only(request, acts.ADOPT.who)
    texts = TextsForm(request.POST).texts()
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return HttpResponse(
        packed.getvalue(),
        content_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="pack.zip"'},
    )


def preview(
    request: HttpRequest, texts: Texts, starts_on: date | None, form: ConfirmForm | None = None
) -> HttpResponse:
    """Everything wrong with the texts; or what they hold, leave open, and change from what holds on that day."""
    context: dict[str, Any] = {"texts": {name: _shown(text) for name, text in texts.items()}}
    try:
        with _read(texts) as chosen:
            context |= _what_changes(chosen, person_in(request).agency, starts_on)
    except PackError as error:
        context["faults"] = error.faults
    context["sent"] = [base64.b64encode(texts.get(name, b"")).decode() for name in FILES]
    context["form"] = form or ConfirmForm(initial={"starts_on": starts_on.isoformat() if starts_on else None})
    status = 422 if "faults" in context or (form and form.errors) else 200
    return render(request, "rules/adopt_preview.html", context, status=status)


@contextmanager
def _read(texts: Texts) -> Iterator[Candidate]:
    """The pack of the texts. Raises PackError."""
    with TemporaryDirectory(prefix="liuhen-pack-") as folder:
        for name in FILES:
            if name in texts:
                Path(folder, name).write_bytes(texts[name])
        yield looked_over(Path(folder))


def _shown(text: bytes) -> str:
    return text.decode("utf-8-sig", "replace")


def _what_changes(chosen: Candidate, agency: Agency, starts_on: date | None) -> dict[str, Any]:
    pack, book = chosen.pack, book_of(agency)
    today = clock.now().astimezone(clock.SHANGHAI).date()
    before = _before(agency, starts_on or today)
    status = [article.status for article in pack.articles.values()]
    return {
        "pack": pack,
        "before": before,
        "changes": changes(before, pack) if before else [],
        "examples": chosen.examples,
        "bare": chosen.bare,
        "carried": status.count("carried_out"),
        "open": status.count("open"),
        "questions": [one for one in asked_of(pack, book.answers.get(pack.id, ())) if one.ruling is None],
        "past": starts_on is not None and starts_on < today,
    }


def _before(agency: Agency, day: date) -> Pack | None:
    try:
        return book_of(agency).on(day)
    except LiuhenError:
        return (
            None  # what held before is damaged; that is told where it is used, and keeps nobody from the next
        )
