"""The other side's signature on a page: drawn on the canvas, or the officer's own password, counted like a sign-in."""

from __future__ import annotations

import base64
import binascii

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from liuhen.base.people.models import Account, Officer
from liuhen.core.errors import UsageError
from liuhen.stages.equipment.signing import MOST_BYTES, Drawn, Proved, Signature

_HEAD = "data:image/png;base64,"


class SignatureFields(forms.Form):
    """What sign.html sends, beside whatever else a form asks."""

    signature = forms.CharField(required=False, max_length=MOST_BYTES * 2, widget=forms.HiddenInput)
    password = forms.CharField(
        label="领用人的登录密码",
        required=False,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "off"}),
        help_text="有账号的执法人员可以用它代替手写签名；输错按登录失败计数。",
    )


@sensitive_variables("password")
def signature_of(request: HttpRequest, officer: Officer, drawn: str, password: str) -> Signature | None:
    """How the officer signed, if at all. Raises UsageError for a wrong password or a drawing that is none."""
    if password:
        return _proved(request, officer, password)
    if not drawn:
        return None
    if not drawn.startswith(_HEAD):
        raise _again("签名图片读不出。", "请在签名框内重新签名。")
    try:
        return Drawn(base64.b64decode(drawn.removeprefix(_HEAD), validate=True))
    except (binascii.Error, ValueError) as error:
        raise _again("签名图片读不出。", "请在签名框内重新签名。") from error


@sensitive_variables("password")
def _proved(request: HttpRequest, officer: Officer, password: str) -> Proved:
    account = Account.objects.filter(officer=officer).first()
    if account is None:
        raise _again(f"{officer.name}没有登录账号，不能用密码签名。", "请在签名框内手写签名。")
    found = authenticate(request, username=account.username, password=password)
    if not isinstance(found, Account) or found.pk != account.pk:
        raise _again(f"{officer.name}的密码不正确。", "请本人重新输入，或改为手写签名。")
    return Proved(account)


def _again(what: str, remedy: str) -> UsageError:
    return UsageError(what, remedy=remedy, code="not_signed")
