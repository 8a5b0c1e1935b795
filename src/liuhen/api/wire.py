"""The API put together: every operation, behind the same guard.

- The guard answers what the framework would answer in its own words: a method that is not there (405), a body
  that is too large (413) or of another kind (415).
- The document is ours alone: no page of the framework's, nothing from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from liuhen import __version__
from liuhen.doors.problems import Problem

from . import activities, answers, deadlines, devices, ingest, jobs, ledger, office, receipts, recordings
from .operations import BODIES, BYTES, MOST_JSON

PREFIX = "/api/v1"
ABOUT = """留痕的机器接口：与网页、终端调用同一套规则，每次办理同样记入账本。

机器用 Authorization: Bearer 令牌。令牌由系统管理员签发、安全管理员确认、账号本人领取，权限不超过该账号，也不超过
所列范围（每项操作的 x-scope）。网页登录的身份也可用，改动须带 X-CSRFToken。

一切拒绝都是同一种 JSON：code、message（发生了什么）、detail、article（依据）、remedy（怎么办）。不属于您的与不存在的
同为 404。时间为 UTC。"""
View = Callable[..., HttpResponseBase]


def made() -> NinjaAPI:
    api = NinjaAPI(
        title="留痕 API",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        openapi_url=None,
        urls_namespace="api",
    )
    answers.install(api)
    for part in (office, devices, recordings, activities, deadlines, receipts, jobs, ingest, ledger):
        api.add_router("", part.router)
    return api


def guarded(patterns: list[Any]) -> list[Any]:
    """The framework's patterns, without its root, each behind the guard and open to machines."""
    own = [one for one in patterns if isinstance(one, URLPattern) and one.name != "api-root"]
    for one in own:
        one.callback = login_not_required(csrf_exempt(_guard(str(one.pattern), one.callback)))
    return own


def _guard(place: str, view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        problem = _cannot_be_read(request, place)
        if problem is not None:
            return answers.refuse(problem)
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            return _not_this_way(response)
        return response

    return answer


def _cannot_be_read(request: HttpRequest, place: str) -> Problem | None:
    sends = BODIES.get((str(request.method), place))
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or (sends != BYTES and int(length) > MOST_JSON):
        return answers.TOO_LARGE
    if sends and int(length) and request.content_type != sends:
        return _another_kind(sends)
    return None


def _another_kind(wanted: str) -> Problem:
    return Problem(415, "正文的类型不对。", f"请以 Content-Type: {wanted} 发送。", code="unsupported")


def _not_this_way(response: HttpResponseBase) -> HttpResponseBase:
    refused = answers.refuse(
        Problem(405, "这个地址不接受这种操作。", "可用的见 Allow 头和 /api/v1/docs。", code="method")
    )
    refused.headers["Allow"] = response.headers.get("Allow", "")
    return refused
