"""Settings of the pages: sessions, sign-in, safety, templates, static files.

- The secret is read from LIUHEN_HOME/keys when it is first needed (base/secret.py), not when settings load.
- Sign-in is by user name only; nobody signs up; single sign-on stands in settings.yaml (web/adapters.py).
- How long a session lives without activity is the office's own setting (`session_minutes`).
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils.functional import lazystr

_PACKAGE = Path(__file__).resolve().parents[1]


class _Secret:
    """Says its text only when asked for it."""

    def __str__(self) -> str:
        from liuhen.base.secret import secret_key

        return secret_key()


SECRET_KEY: Any = lazystr(_Secret())

WEB_APPS = [
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_cotton",
    "django_htmx",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "liuhen.web",
]

MIDDLEWARE = [
    "liuhen.web.middleware.SafetyMiddleware",
    "liuhen.web.smaller.SmallerMiddleware",
    "liuhen.web.again.AgainMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "liuhen.web.middleware.SignedInMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "liuhen.web.problems.ProblemMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "liuhen.config.urls"
WSGI_APPLICATION = "liuhen.config.wsgi.application"
ALLOWED_HOSTS = ["*"]  # SafetyMiddleware looks closer
TLS = bool(os.environ.get("LIUHEN_TLS"))

SESSION_COOKIE_NAME = "liuhen_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
CSRF_COOKIE_NAME = "liuhen_form"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "liuhen.web.problems.csrf_failed"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000  # a page with 10,000 selected rows

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "liuhen.web.adapters.AccountBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "liuhen.base.people.passwords.LongEnough"},
    {"NAME": "liuhen.base.people.passwords.NotCommon"},
    {"NAME": "liuhen.base.people.passwords.NotTheName"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]

ACCOUNT_ADAPTER = "liuhen.web.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_USERNAME_VALIDATORS = None
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
SOCIALACCOUNT_ADAPTER = "liuhen.web.adapters.SingleSignOnAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form may not lead elsewhere (form-action); `state` guards the way back
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "留痕"
MFA_ADAPTER = "liuhen.web.adapters.SecondFactorAdapter"
USERSESSIONS_TRACK_ACTIVITY = False

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "liuhen.web.adapters.name_tried"
AXES_CLIENT_IP_CALLABLE = "liuhen.web.adapters.address_of"
AXES_LOCKOUT_CALLABLE = "liuhen.web.problems.locked_out"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_SENSITIVE_PARAMETERS = ["login", "username", "ip_address"]
AXES_VERBOSE = False
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False

STATIC_URL = "/static/"
STATICFILES_DIRS = [str(_PACKAGE / "static")]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "liuhen.web.assets.Assets"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False
FORM_RENDERER = "liuhen.web.forms.BootstrapRenderer"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [str(_PACKAGE / "web" / "templates")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "liuhen.web.navigation.frame",
            ],
            "builtins": ["liuhen.web.templatetags.liuhen"],
        },
    }
]
MESSAGE_TAGS = {10: "info", 20: "info", 25: "success", 30: "warning", 40: "danger"}
SILENCED_SYSTEM_CHECKS = ["axes.W003", "axes.W006", "account.W001"]
