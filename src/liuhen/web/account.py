"""Sign-in, sign-out, password, second factor: allauth's own views behind our addresses.

Only what an office without e-mail needs has an address; signing up and resetting by e-mail have none.
"""

from __future__ import annotations

from typing import Any

from allauth.account import views
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.socialaccount.providers.openid_connect.urls import urlpatterns as single_sign_on
from allauth.usersessions import views as sessions
from axes.decorators import axes_dispatch, axes_form_invalid
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator

from .people_in import person_in
from .problems import Problem, answer


@method_decorator(axes_dispatch, name="dispatch")
@method_decorator(axes_form_invalid, name="form_invalid")
class SignIn(views.LoginView):
    """allauth's sign-in, counted by django-axes."""


sign_in = login_not_required(SignIn.as_view())


class MyAccount(sessions.ListUserSessionsView):
    """Who I am here, which roles two people gave me, and where I am signed in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = person_in(self.request)
        grants = person.grants.select_related("proposed_by", "confirmed_by").order_by("pk")
        return {**super().get_context_data(**kwargs), "grants": grants}


@login_not_required
def sign_on_failed(request: HttpRequest, **_: object) -> HttpResponse:
    """The other system broke off, or the person did."""
    problem = Problem(
        400,
        "单点登录没有完成。",
        "请重试，或改用账号和密码登录；一直不成的，请系统管理员核对单点登录的设置。",
        title="没有登录",
        code="sign_on_failed",
        back=reverse("account_login"),
        back_words="返回登录页",
    )
    return answer(request, problem, bare=True)


@login_not_required
def nowhere(request: HttpRequest, **_: object) -> HttpResponse:
    """An address the library wants to name and no office has."""
    raise Http404


urlpatterns = [
    path("sign-in/", sign_in, name="account_login"),
    path("sign-out/", views.logout, name="account_logout"),
    path("account/password/", views.password_change, name="account_change_password"),
    path("account/confirm/", views.reauthenticate, name="account_reauthenticate"),
    path("account/closed/", views.account_inactive, name="account_inactive"),
    path("account/", MyAccount.as_view(), name="usersessions_list"),
    path("account/second-factor/", factor.index, name="mfa_index"),
    path("account/second-factor/enter/", factor.authenticate, name="mfa_authenticate"),
    path("account/second-factor/confirm/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("account/second-factor/set-up/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/second-factor/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/recovery-codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/make/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/recovery-codes/file/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("sign-in/broken-off/", sign_on_failed, name="socialaccount_login_cancelled"),
    path("sign-in/failed/", sign_on_failed, name="socialaccount_login_error"),
    *[
        path(f"account/none/{name}/", nowhere, name=name)
        for name in ("account_set_password", "socialaccount_signup", "socialaccount_connections")
    ],
    *single_sign_on,
]
