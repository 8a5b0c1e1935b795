"""Around every request: safe headers, names we answer to, and somebody signed in.

- Nothing runs, and nothing is drawn, that is not a file of ours: no inline script or style, no other host. A
  page that needs inline style (the waveform) asks for `request.style_nonce`.
- A host is answered when it is a number, this computer's own name, or named in settings.yaml: a foreign name
  that points here (DNS rebinding) is refused.
- Every page needs a sign-in unless it says otherwise. A session ends after the office's minutes without
  activity; the page then shown leads back to where one was. A page that only watches, with no hand on it, says
  so (`X-Liuhen-Watching: yes`) and keeps nobody signed in.
- A password that somebody else set is changed before anything else.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.http.request import split_domain_port
from django.shortcuts import redirect
from django.urls import reverse

from liuhen.base import site
from liuhen.core.errors import LiuhenError

from . import problems

Answer = Callable[[HttpRequest], HttpResponseBase]

_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'{nonce}; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self' data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_REFRESH_SECONDS = 60


class _Nonce:
    """Made when a template asks for it; the policy names it only then."""

    def __init__(self) -> None:
        self.value = ""

    def __str__(self) -> str:
        self.value = self.value or secrets.token_urlsafe(16)
        return self.value


class SafetyMiddleware:
    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        nonce = _Nonce()
        request.style_nonce = nonce  # type: ignore[attr-defined]
        response = self.get_response(request) if _is_ours(request) else problems.foreign_host(request)
        said = f" 'nonce-{nonce.value}'" if nonce.value else ""
        response.headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=said))
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        return response


def _is_ours(request: HttpRequest) -> bool:
    name, _ = split_domain_port(request.META.get("HTTP_HOST", "") or request.META.get("SERVER_NAME", ""))
    bare = name.strip("[]").rstrip(".").lower()
    if bare in ("localhost", "testserver", socket.gethostname().lower(), *_named()):
        return True
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return False
    return True


def _named() -> list[str]:
    try:
        return [name.lower() for name in site.current().hosts]
    except LiuhenError:  # settings.yaml is wrong: the health page says so; numbers still work
        return []


class SignedInMiddleware(LoginRequiredMiddleware):
    """A sign-in before every view that does not say `login_not_required`; keeps a session in use alive."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if request.user.is_authenticated:
            if request.headers.get("X-Liuhen-Watching") != "yes":
                _keep_alive(request)
            if getattr(request.user, "password_given", False) and request.path not in _before_anything():
                if problems.wants_json(request):
                    return problems.password_first(request)
                messages.warning(request, "请先修改别人替您设置的密码。")
                return redirect("account_change_password")
            return None
        if not getattr(view_func, "login_required", True):
            return None
        if problems.is_page_load(request) and settings.SESSION_COOKIE_NAME not in request.COOKIES:
            response: HttpResponseBase = self.handle_no_permission(request, view_func)
            return response
        return problems.session_expired(request)


def _before_anything() -> tuple[str, ...]:
    """What stays open to somebody who has to change a given password."""
    return reverse("account_change_password"), reverse("account_logout")


def _keep_alive(request: HttpRequest) -> None:
    """Move the end of the session forward, at most once a minute: each time is a write."""
    now = int(time.time())
    if now - int(request.session.get("seen", 0)) >= _REFRESH_SECONDS:
        request.session["seen"] = now
        request.session.set_expiry(site.session_minutes() * 60)
