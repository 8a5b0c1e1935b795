"""What happens around a sign-in: the session's first end, and the installation's own log of failures.

- Failures are counted by django-axes, one row an account and address; the log tells of the first and of the
  lock-out, never of each, and never what was typed where no such account exists.
"""

from __future__ import annotations

from typing import Any

import structlog
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from liuhen.base import site

from .adapters import address_of, name_tried

log = structlog.get_logger(__name__)


@receiver(user_logged_in)
def _begin(request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        request.session.set_expiry(site.session_minutes() * 60)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None and not getattr(request, "axes_failures_since_start", 0) > 1:
        log.info("sign_in_failed", account=name_tried(request, credentials), address=address_of(request))


@receiver(user_locked_out)
def _locked(request: HttpRequest, username: str | None = None, ip_address: str = "", **_: Any) -> None:
    log.warning("sign_in_locked", account=username or "", address=ip_address)
