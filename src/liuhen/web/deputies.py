"""代理: who stands in for whom, in which role, from when to when."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from liuhen.base import clock
from liuhen.base.people import acts, services
from liuhen.base.people.models import Account, Deputy, Role
from liuhen.base.people.selectors import accounts_of, deputies_of

from . import registers
from .acting import FormPage, form_page, not_there
from .people_in import person_in
from .registers import Column, Nothing, Register

DEPUTIES = Register(
    name="代理登记簿",
    title="代理登记簿",
    columns=(
        Column("absent", "被代理人", lambda row: row.absent.name, width=6, sort="absent__name"),
        Column("deputy", "代理人", lambda row: row.deputy.name, width=6, sort="deputy__name"),
        Column("role", "角色", lambda row: row.get_role_display(), width=7, sort="role"),
        Column("starts", "开始", lambda row: row.starts_at, width=9, sort="starts_at"),
        Column("ends", "截止", lambda row: row.ends_at, width=9, sort="ends_at"),
        Column(
            "state",
            "状态",
            lambda row: row.get_state_display(),
            width=4,
            sort="state",
            state=lambda row: row.state,
        ),
    ),
    nothing=Nothing("没有代理", "负责人外出时，由本人或主要负责人登记代理人和起止时间；到期自动失效。"),
    order=("-starts_at",),
)


class DeputyForm(forms.Form):
    absent = forms.ModelChoiceField(Account.objects.none(), label="被代理人", empty_label=None)
    deputy = forms.ModelChoiceField(Account.objects.none(), label="代理人", empty_label=None)
    role = forms.ChoiceField(label="代理的角色", choices=Role.choices)
    starts_at = forms.DateTimeField(label="开始", widget=forms.DateTimeInput({"type": "datetime-local"}))
    ends_at = forms.DateTimeField(label="截止", widget=forms.DateTimeInput({"type": "datetime-local"}))

    def __init__(self, person: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["absent"].initial = person
        rows = accounts_of(person, clock.now()).filter(state=Account.State.OPEN).order_by("name")
        for name in ("absent", "deputy"):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    context = {
        "title": "代理",
        "note": "代理人只在起止时间内、只以所代理的角色办理；账本同时写明两人",
        "new": reverse("deputy_new"),
        "new_words": "登记代理",
    }
    act = Column("act", "办理", lambda row: "终止" if _running(row) else None, width=4, href=_end_link)
    rows = deputies_of(person_in(request), clock.now())
    shown = registers.with_acts(DEPUTIES, act)
    return registers.respond(request, shown, rows, "register_page.html", context)


def _running(row: Deputy) -> bool:
    return row.state == Deputy.State.IN_FORCE and row.ends_at > clock.now()


def _end_link(row: Deputy) -> str | None:
    return reverse("deputy_end", args=[row.pk]) if _running(row) else None


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    person = person_in(request)
    page = FormPage(
        "登记代理",
        "登记",
        reverse("deputies"),
        "代理",
        intro="由被代理人本人或主要负责人登记；被代理人须持有该角色。",
        basis=acts.APPOINT_DEPUTY.basis.cite(person.agency.pack),
    )

    def act(data: dict[str, Any]) -> Deputy:
        return services.appoint_deputy(
            data["absent"],
            data["deputy"],
            Role(data["role"]),
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            by=person,
            at=clock.now(),
        )

    return form_page(request, page, DeputyForm(person, request.POST or None), act, said="已登记代理。")


@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, pk: int) -> HttpResponse:
    person = person_in(request)
    row = deputies_of(person, clock.now()).filter(pk=pk).first()
    if row is None:
        raise not_there()
    page = FormPage(
        f"终止{row.deputy.name}对{row.absent.name}的代理",
        "终止",
        reverse("deputies"),
        "代理",
        intro="终止后，代理人不能再以该角色办理；此前办理的仍然有效。",
    )
    found = row

    def act(data: dict[str, Any]) -> None:
        services.end_deputy(found, by=person, at=clock.now())

    return form_page(
        request, page, forms.Form(request.POST if request.method == "POST" else None), act, said="已终止。"
    )
