"""What we tell the sign-in libraries about our office.

- Accounts are opened by the system administrator; nobody signs up, single sign-on included: it must name an
  account that is there and in use.
- Wrong passwords are counted for accounts that exist; anything else typed is not kept.
- The secret of a second factor is kept enciphered with the installation's secret.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from cryptography.fernet import Fernet
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

from liuhen.base import clock, home, site
from liuhen.base.people import services
from liuhen.base.people.models import Account
from liuhen.base.secret import read_private, secret_key

from .people_in import the_account

UNKNOWN = "（无此账号）"


class AccountBackend(AuthenticationBackend):
    """By user name exactly as it was given out; brings agency and unit with the person."""

    def _authenticate_by_username(self, username: str, password: str) -> Account | None:
        account = Account.objects.filter(username=username).first()
        found: Account | None = self._check_password(account, password)
        return found

    def get_user(self, user_id: int) -> Account | None:
        account = Account.objects.select_related("agency", "unit").filter(pk=user_id).first()
        return account if account is not None and account.is_active else None


class AccountAdapter(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, str]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "这个账号已停用。怎么办：请系统管理员核对。",
        "username_password_mismatch": "账号或密码不正确。怎么办：核对大小写和输入法后再试；忘记密码请安全管理员重新设置。",
        "enter_current_password": "当前密码不正确。",
        "incorrect_password": "密码不正确。",
        "incorrect_code": "口令不正确。怎么办：请核对手机时间是否准确，输入当前显示的六位数字；备用码每个只能用一次。",
        "too_many_login_attempts": "尝试次数过多。怎么办：请 5 分钟后再试。",
        "rate_limited": "操作过于频繁。怎么办：请稍等一分钟再试。",
    }

    def set_password(self, user: Account, password: str) -> None:
        """The person changes their own; through the one door, so that the ledger tells it."""
        person = the_account(user)
        services.set_password(person, password, by=person, at=clock.now())

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        messages.success(request, "密码已修改，其他电脑上的登录已失效。")
        return reverse("home")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The library's own messages are left out; our pages say what happened."""


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        told = site.current().single_sign_on
        if told is None or provider not in (None, "openid_connect", "office"):
            return []
        return [
            SocialApp(
                provider="openid_connect",
                provider_id="office",
                name=told.name,
                client_id=told.client_id,
                secret=read_private(home.keys_folder() / told.secret_file),
                settings={"server_url": told.issuer},
            )
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Whoever the other system names must be an account in use here."""
        from .problems import Problem, answer

        told = site.current().single_sign_on
        claims = sociallogin.account.extra_data
        claims = {**claims, **claims.get("userinfo", {}), **claims.get("id_token", {})}
        name = str(claims.get(told.username_claim, "")) if told else ""
        account = Account.objects.filter(username=name, state=Account.State.OPEN).first()
        if account is None:
            problem = Problem(
                403,
                "单点登录没有对应到本系统在用的账号。",
                "请系统管理员按单点登录的用户名开立账号，或改用账号和密码登录。",
                title="不能登录",
                code="no_account",
            )
            raise ImmediateHttpResponse(answer(request, problem, bare=True))
        sociallogin.user = account


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages: ClassVar[dict[str, str]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def get_totp_label(self, user: Any) -> str:
        return str(user.username)

    def get_totp_issuer(self) -> str:
        return "留痕"

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> Fernet:
    digest = hashlib.sha256(b"second factor\n" + secret_key().encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))


def address_of(request: HttpRequest) -> str:
    """The other end of the connection; a header that anybody can write is not believed."""
    return str(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104


def name_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The account somebody tried; people type passwords into this field, so other text is not kept."""
    said = (
        (credentials or {}).get("username") or (credentials or {}).get("login") or request.POST.get("login")
    )
    name = str(said or "")[:64]
    return name if Account.objects.filter(username=name).exists() else UNKNOWN
