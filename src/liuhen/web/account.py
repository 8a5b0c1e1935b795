"""Sign-in, sign-out, password, second factor: allauth's own views behind our addresses.

Only what an office without e-mail needs has an address; signing up and resetting by e-mail have none.
"""

from __future__ import annotations

from allauth.account import views
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.socialaccount.providers.openid_connect.urls import urlpatterns as single_sign_on
from allauth.usersessions import views as sessions
from axes.decorators import axes_dispatch, axes_form_invalid
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator


@method_decorator(axes_dispatch, name="dispatch")
@method_decorator(axes_form_invalid, name="form_invalid")
class SignIn(views.LoginView):
    """allauth's sign-in, counted by django-axes."""


sign_in = login_not_required(SignIn.as_view())


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
    path("account/sessions/", sessions.list_usersessions, name="usersessions_list"),
    path("account/second-factor/", factor.index, name="mfa_index"),
    path("account/second-factor/enter/", factor.authenticate, name="mfa_authenticate"),
    path("account/second-factor/confirm/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("account/second-factor/set-up/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/second-factor/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/recovery-codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/make/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/recovery-codes/file/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    *[
        path(f"account/none/{name}/", nowhere, name=name)
        for name in ("account_signup", "account_reset_password", "account_set_password", "account_email")
    ],
    *single_sign_on,
]
