"""Every way a request can fail, as a page, an htmx fragment or JSON: what happened, 依据, 怎么办, the right status.

- A LiuhenError raised anywhere in a view arrives here; its class and code give the status.
- "Not yours" and "not there" are the same 404.
- Pages about a failing server or database ask the database nothing.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from liuhen.base import site
from liuhen.core.errors import LiuhenError
from liuhen.doors.problems import Problem, problem_of, status_of

log = structlog.get_logger(__name__)

TITLES = {
    400: "这个请求不能办理",
    401: "登录已过期",
    403: "表单已失效",
    404: "没有这项内容，或不属于您的权限",
    405: "不能这样打开这个页面",
    409: "现在不能办理",
    413: "提交的内容过大",
    429: "尝试次数过多，已暂时锁定",
    500: "系统出现故障",
    503: "存储暂时不能使用",
}


def wants_json(request: HttpRequest) -> bool:
    """Machines: whoever says so, and everything under /api/, whatever it says."""
    if request.path.startswith("/api/"):
        return True
    accept = request.headers.get("Accept", "")
    return "application/json" in accept and "text/html" not in accept


def is_fragment(request: HttpRequest) -> bool:
    """Asked by htmx for a part of a page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def is_page_load(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD") and not is_fragment(request) and not wants_json(request)


def answer(request: HttpRequest, problem: Problem, *, bare: bool = False) -> HttpResponse:
    """`bare`: without the frame, which asks the database who is there."""
    if wants_json(request):
        return JsonResponse(
            problem.as_json(), status=problem.status, json_dumps_params={"ensure_ascii": False}
        )
    context = {**asdict(problem), "title": problem.title or TITLES.get(problem.status, "不能办理")}
    context["back"] = problem.back or reverse("home")
    if is_fragment(request):
        response = HttpResponse(render_to_string("problem_part.html", context), status=problem.status)
        response["HX-Retarget"], response["HX-Reswap"] = "#problems", "innerHTML show:top"
        return response
    framed = not bare and getattr(request, "user", None) is not None and request.user.is_authenticated
    context["frame"] = "layout.html" if framed else "bare.html"
    page = render_to_string("problem.html", context, request=request if framed else None)
    return HttpResponse(page, status=problem.status)


class ProblemMiddleware:
    """LiuhenError and a failing database in a view become an answer; an empty 405 gets its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 405 and not getattr(response, "content", b"-"):
            return self._not_this_way(request, response)
        return response

    def _not_this_way(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        page = answer(
            request,
            Problem(
                405, "这个地址不接受这种操作。", "请从页面上的按钮办理，不要直接输入地址。", code="method"
            ),
        )
        page["Allow"] = response.headers.get("Allow", "")
        return page

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, LiuhenError):
            if status_of(error) >= 500:
                log.error("request_failed", path=request.path, code=error.code, error=str(error))
            return answer(request, problem_of(error), bare=status_of(error) >= 500)
        if isinstance(error, DatabaseError | sqlite3.DatabaseError):
            return _database_failed(request, error)
        return None


def _database_failed(request: HttpRequest, error: Exception) -> HttpResponse:
    from liuhen.base.office import database_trouble

    log.error("database_failed", path=request.path, error=repr(error))
    if "locked" in str(error):
        return answer(
            request,
            Problem(
                503, "数据库正忙，没有办理。", "请稍等片刻再试；内容没有改变。", code="busy", title="系统正忙"
            ),
            bare=True,
        )
    return answer(request, problem_of(database_trouble(error)), bare=True)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return answer(
            request,
            Problem(
                413,
                "一次提交的内容超过了上限。",
                "请减少选中的行数或文字后再提交；上传文件请用采集页面。",
                code="too_large",
            ),
        )
    return answer(
        request, Problem(400, "请求的格式不正确。", "请返回上一页，重新填写后再提交。", code="bad_request")
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's own refusals look like ours."""
    return not_found(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return answer(
        request,
        Problem(
            404,
            "地址有误、内容不存在，或不属于您的权限；这三种情形本系统不加区分。",
            "请核对地址；确需查看的，请由系统管理员提出授权、安全管理员确认。",
            code="not_found",
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Whatever nobody expected; the engineer finds it in the log."""
    error = sys.exc_info()[1]
    if isinstance(error, LiuhenError):
        return answer(request, problem_of(error), bare=True)
    if isinstance(error, DatabaseError | sqlite3.DatabaseError):
        return _database_failed(request, error)
    log.error("page_failed", path=request.path, method=request.method, exc_info=error)
    return answer(
        request,
        Problem(
            500,
            "出现意外错误，这一步没有办理。",
            "已入库的内容没有丢失。请重试一次；仍不行时，请系统管理员查看数据目录下的 logs/liuhen.log。",
            code="unexpected",
        ),
        bare=True,
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    back = _referring_page(request)
    return answer(
        request,
        Problem(
            403,
            "这个表单不是从当前登录的页面提交的，或页面打开得太久，没有办理。",
            "请返回该页面，刷新后重新填写提交；浏览器须允许本站的 Cookie。",
            basis="本系统安全规则",
            code="csrf",
            back=back,
            back_words="返回刚才的页面",
        ),
    )


def password_first(request: HttpRequest) -> HttpResponse:
    """For machines; a person is led to the page where it is changed."""
    problem = Problem(
        403,
        "别人替您设置的密码还没有修改，暂不能办理。",
        "请先登录网页修改密码。",
        basis="本系统安全规则",
        code="password_first",
    )
    return answer(request, problem)


def session_expired(request: HttpRequest) -> HttpResponse:
    """Back to where one was: the page itself, or the page whose form was sent."""
    back = request.get_full_path() if is_page_load(request) else _referring_page(request)
    sent = "" if request.method in ("GET", "HEAD") else "刚才填写的内容没有提交，请登录后重新填写。"
    minutes = site.session_minutes()
    return answer(
        request,
        Problem(
            401,
            f"您已有一段时间没有操作（上限 {minutes} 分钟），或已在别处退出。{sent}",
            "请重新登录，登录后会回到刚才的页面。",
            basis="本系统安全规则",
            code="session_expired",
            back=f"{reverse('account_login')}?{urlencode({'next': back})}",
            back_words="重新登录",
        ),
        bare=True,
    )


def _referring_page(request: HttpRequest) -> str:
    said = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    host = request.get_host()
    if not url_has_allowed_host_and_scheme(said, {host}, require_https=request.is_secure()):
        return reverse("home")
    return "/" + said.split("://", 1)[-1].partition("/")[2]


def foreign_host(request: HttpRequest) -> HttpResponse:
    return answer(
        request,
        Problem(
            400,
            "本系统不以这个名称提供服务。",
            "请用本机的 IP 地址访问；确要使用该域名的，请系统管理员把它写入 settings.yaml 的 hosts。",
            basis="本系统安全规则",
            code="foreign_host",
        ),
        bare=True,
    )


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None) -> HttpResponse:
    """django-axes' answer after too many wrong passwords."""
    return answer(
        request,
        Problem(
            429,
            "密码连续输错多次，这个账号在这台电脑上暂时不能登录。",
            "请 15 分钟后再试；忘记密码的，请安全管理员在服务器上运行 liuhen people password 账号 重新设置。",
            basis="本系统安全规则",
            code="locked_out",
            back=reverse("account_login"),
            back_words="返回登录页",
        ),
        bare=True,
    )


__all__ = ["Http404", "Problem", "answer", "problem_of", "status_of"]
