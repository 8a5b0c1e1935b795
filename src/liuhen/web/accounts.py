"""Accounts and roles: opened by one administrator, roles confirmed by the other."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from liuhen.base import clock
from liuhen.base.people import acts, passwords, services
from liuhen.base.people.models import Account, Role, RoleGrant, Unit
from liuhen.base.people.selectors import accounts_of, grants_of, units_of

from . import registers
from .acting import FormPage, button, form_page, not_there, only
from .people_in import could, person_in
from .registers import Column, Nothing, Register

_STATE = RoleGrant.State

ACCOUNTS = Register(
    name="账号登记簿",
    title="账号登记簿",
    columns=(
        Column(
            "username",
            "账号",
            lambda row: row.username,
            width=9,
            sort="username",
            href=lambda row: reverse("account", args=[row.pk]),
        ),
        Column("name", "姓名", lambda row: row.name, width=6, sort="name"),
        Column("unit", "科室", lambda row: row.unit.name if row.unit else None, width=12, sort="unit__name"),
        Column("roles", "生效的角色", lambda row: _roles(row), width=14),
        Column("password", "密码", lambda row: "已设置" if passwords.has_one(row) else "未设置", width=5),
        Column("last_login", "最近登录", lambda row: row.last_login, width=9, sort="last_login", shown=False),
        Column(
            "state",
            "状态",
            lambda row: row.get_state_display(),
            width=4,
            sort="state",
            state=lambda row: row.state,
        ),
    ),
    nothing=Nothing("还没有账号", "请系统管理员开立账号。"),
    order=("username",),
)
GRANTS = Register(
    name="授权登记簿",
    title="角色授权登记簿",
    columns=(
        Column(
            "account",
            "账号",
            lambda row: row.account.username,
            width=9,
            sort="account__username",
            href=lambda row: reverse("account", args=[row.account_id]),
        ),
        Column("name", "姓名", lambda row: row.account.name, width=6, sort="account__name"),
        Column("role", "角色", lambda row: row.get_role_display(), width=7, sort="role"),
        Column(
            "state",
            "状态",
            lambda row: row.get_state_display(),
            width=5,
            sort="state",
            state=lambda row: row.state,
        ),
        Column(
            "by", "提出人", lambda row: row.proposed_by.name if row.proposed_by else "设立单位时", width=6
        ),
        Column(
            "confirmed", "确认人", lambda row: row.confirmed_by.name if row.confirmed_by else None, width=6
        ),
    ),
    nothing=Nothing("还没有授权", "角色由系统管理员提出、安全管理员确认。"),
    order=("-pk",),
)


def _roles(account: Account) -> str:
    return "、".join(row.get_role_display() for row in account.grants.all() if row.state == _STATE.CONFIRMED)


class PersonForm(forms.Form):
    name = forms.CharField(label="姓名", max_length=50)
    username = forms.CharField(label="账号", max_length=64, help_text="字母、数字、点、下划线或连字符。")
    unit = forms.ModelChoiceField(Unit.objects.none(), label="科室", empty_label=None)
    certificate_no = forms.CharField(
        label="执法证号", max_length=40, required=False, help_text="不是执法人员的，此项和人员编号都不填。"
    )
    staff_no = forms.CharField(
        label="人员编号", max_length=6, required=False, help_text="六位，与记录仪文件名中的人员编号一致。"
    )

    def __init__(self, person: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = units_of(person, clock.now()).order_by("code")
        self.fields["unit"].queryset = rows  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label="角色", choices=Role.choices)


@require_safe
def register(request: HttpRequest) -> HttpResponseBase:
    only(request, acts.SEE_ACCOUNTS)
    context = {
        "title": "账号",
        "note": "账号由系统管理员开立；停用后历史仍在",
        "new": reverse("account_new") if could(request, acts.OPEN_ACCOUNT.who) else "",
        "new_words": "开立账号",
    }
    rows = accounts_of(person_in(request), clock.now()).prefetch_related("grants")
    return registers.respond(request, ACCOUNTS, rows, "register_page.html", context)


@require_safe
def grants(request: HttpRequest) -> HttpResponseBase:
    only(request, acts.SEE_ACCOUNTS)
    rows = grants_of(person_in(request), clock.now())
    state = request.GET.get("state", "")
    if state in _STATE.values:
        rows = rows.filter(state=state)
    context = {
        "title": "角色授权",
        "note": "每个角色由两人授予：系统管理员提出，安全管理员确认；任何人不能确认自己的授权",
        "filter_name": "state",
        "filter_words": "状态",
        "choices": _STATE.choices,
        "chosen": state,
    }
    return registers.respond(request, GRANTS, rows, "register_page.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    only(request, acts.SEE_ACCOUNTS)
    return _show(request, _find(request, pk))


def _show(request: HttpRequest, account: Account, password: str = "") -> HttpResponse:
    person, at = person_in(request), clock.now()
    rows = account.grants.select_related("proposed_by", "confirmed_by").order_by("-pk")
    in_use = account.state == Account.State.OPEN
    context = {
        "account": account,
        "grants": [_grant_with_acts(row, person, at) for row in rows],
        "has_password": passwords.has_one(account),
        "second_factor": services.has_second_factor(account),
        "may_propose": in_use and could(request, acts.PROPOSE_ROLE.who),
        "may_close": in_use and account != person and could(request, acts.CLOSE_ACCOUNT.who),
        "may_set_password": in_use and _allows(acts.REMOVE_SECOND_FACTOR, account, person, at),
        "role_form": RoleForm(),
        "given_password": password,
    }
    return render(request, "people/account.html", context)


def _grant_with_acts(grant: RoleGrant, person: Account, at: Any) -> dict[str, Any]:
    """The grant, and which decisions this person could take on it now."""
    return {
        "row": grant,
        **{
            name: grant.state in act.sources and _allows(act, grant, person, at)
            for name, act in (
                ("confirm", acts.CONFIRM_ROLE),
                ("decline", acts.DECLINE_ROLE),
                ("withdraw", acts.WITHDRAW_ROLE),
            )
        },
    }


def _allows(act: Any, obj: Any, person: Account, at: Any) -> bool:
    return bool(act.who and act.who.allows(person, obj, at))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    only(request, acts.OPEN_ACCOUNT.who)
    person = person_in(request)
    page = FormPage(
        "开立账号",
        "开立",
        reverse("accounts"),
        "账号",
        intro="开立后再提出角色，由安全管理员确认并设置初始密码；本人第一次登录时须修改密码。",
    )

    def act(data: dict[str, Any]) -> Account:
        who = services.Person(data["username"], data["name"])
        return services.enter_person(
            data["unit"],
            who,
            certificate_no=data["certificate_no"],
            staff_no=data["staff_no"],
            by=person,
            at=clock.now(),
        )

    form = PersonForm(person, request.POST or None)
    return form_page(
        request, page, form, act, said="已开立账号。", to=lambda made: reverse("account", args=[made.pk])
    )


@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    account, person = _find(request, pk), person_in(request)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise not_there()
    role = Role(form.cleaned_data["role"])
    return button(
        request,
        lambda _: services.propose_role(account, role, by=person, at=clock.now()),
        said=f"已提出授予“{role.label}”，等安全管理员确认。",
        to=reverse("account", args=[pk]),
    )


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    account, person = _find(request, pk), person_in(request)
    return button(
        request,
        lambda reason: services.close_account(account, reason=reason, by=person, at=clock.now()),
        said=f"账号 {account.username} 已停用，此人的登录随即失效。",
        to=reverse("account", args=[pk]),
    )


@require_POST
@sensitive_variables()
def give_password(request: HttpRequest, pk: int) -> HttpResponse:
    """A random one, shown once to whoever may give it; the person has to change it."""
    account, person = _find(request, pk), person_in(request)
    password = passwords.generate()
    services.set_password(account, password, by=person, at=clock.now())
    return _show(request, account, password)


@require_POST
def drop_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    account, person = _find(request, pk), person_in(request)
    return button(
        request,
        lambda reason: services.remove_second_factor(account, reason=reason, by=person, at=clock.now()),
        said=f"已取消 {account.username} 的动态口令。",
        to=reverse("account", args=[pk]),
    )


@require_POST
def decide(request: HttpRequest, pk: int, decision: str) -> HttpResponse:
    """confirm, decline or withdraw a grant."""
    person, at = person_in(request), clock.now()
    grant = grants_of(person, at).filter(pk=pk).first()
    if grant is None:
        raise not_there()
    found = grant
    said, act = {
        "confirm": ("已确认", lambda _: services.confirm_role(found, by=person, at=at)),
        "decline": ("已不予确认", lambda why: services.decline_role(found, reason=why, by=person, at=at)),
        "withdraw": ("已撤销", lambda why: services.withdraw_role(found, reason=why, by=person, at=at)),
    }[decision]
    words = f"{said} {grant.account.name} 的“{grant.get_role_display()}”。"
    return button(request, act, said=words, to=reverse("account", args=[grant.account_id]))


def _find(request: HttpRequest, pk: int) -> Account:
    account = accounts_of(person_in(request), clock.now()).filter(pk=pk).first()
    if account is None:
        raise not_there()
    return account
