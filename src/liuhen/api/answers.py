"""Every way an operation can fail, in the one JSON shape; the framework's own failures included.

- Nothing of the cause, of a path or of a statement leaves the computer; the engineer finds it in the log.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from liuhen.base.basis import SYSTEM
from liuhen.core.errors import LiuhenError
from liuhen.doors.problems import Problem, problem_of

log = structlog.get_logger(__name__)

_PATH = re.compile(r"(?<![\w/])/(?:[^\s/，。；：、（）()“”]+/)+[^\s/，。；：、（）()“”]*")
NOBODY = Problem(
    401,
    "没有登录，也没有带令牌。",
    "请在 Authorization 头中带 Bearer 令牌，或先登录网页。",
    basis=SYSTEM,
    code="not_signed_in",
)
NO_SUCH_PLACE = Problem(
    404,
    "地址有误、内容不存在，或不属于您的权限；这三种情形本系统不加区分。",
    "请核对地址；各项操作见 /api/v1/docs。",
    code="not_found",
)
TOO_LARGE = Problem(
    413, "一次发送的内容超过了上限。", "请减少内容；文件请用 uploads 的各项操作发送。", code="too_large"
)
UNEXPECTED = Problem(
    500,
    "出现意外错误，这一步没有办理。",
    "已入库的内容没有丢失。请重试一次；仍不行时，请系统管理员查看数据目录下的 logs/liuhen.log。",
    code="unexpected",
)
BUSY = Problem(503, "数据库正忙，没有办理。", "请稍等片刻再试；内容没有改变。", code="busy")
DATABASE = Problem(
    503, "数据库现在不能使用，没有办理。", "请系统管理员查看系统状况；音像记录不受影响。", code="database"
)
_WORDS = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项",
    "enum": "不在可选的值中",
    "literal_error": "不在可选的值中",
    "string_too_long": "太长",
    "string_too_short": "太短",
    "string_pattern_mismatch": "格式不对",
    "int_parsing": "应是整数",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
}


def refuse(problem: Problem) -> HttpResponse:
    if problem.status >= 500:
        problem = replace(
            problem, message=without_paths(problem.message), remedy=without_paths(problem.remedy)
        )
    response = JsonResponse(
        problem.as_json(),
        status=problem.status,
        encoder=DjangoJSONEncoder,
        json_dumps_params={"ensure_ascii": False},
    )
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="liuhen"'
    if "seconds" in problem.detail:
        response.headers["Retry-After"] = str(problem.detail["seconds"])
    return response


def without_paths(text: str) -> str:
    return _PATH.sub("（服务器上的位置）", text)


def install(api: NinjaAPI) -> None:
    """Say for every failure how it is answered."""
    handlers: dict[type[Exception], Any] = {
        LiuhenError: _ours,
        ValidationError: _invalid,
        AuthenticationError: lambda request, error: refuse(NOBODY),
        HttpError: _of_the_framework,
        Http404: lambda request, error: refuse(NO_SUCH_PLACE),
        RequestDataTooBig: lambda request, error: refuse(TOO_LARGE),
        UnreadablePostError: _broken_off,
        DatabaseError: _database,
        sqlite3.DatabaseError: _database,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _ours(request: HttpRequest, error: LiuhenError) -> HttpResponse:
    problem = problem_of(error)
    if problem.status >= 500:
        log.error("operation_failed", path=request.path, code=error.code, error=str(error))
    return refuse(problem)


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    found = {}
    for one in error.errors:
        place = ".".join(str(part) for part in one["loc"] if not _is_frame(str(part)))
        found[place or "body"] = _WORDS.get(one["type"], "不符合要求")
    first = next(iter(found.items()), ("", ""))
    return refuse(
        Problem(
            422,
            f"所给的内容不符合要求：{first[0]} {first[1]}。",
            "请对照 /api/v1/docs 改正后再发送。",
            code="invalid",
            detail=found,
        )
    )


def _is_frame(part: str) -> bool:
    """The name of the parameter that holds the whole body or the whole query."""
    return part in ("told", "wanted")


def _of_the_framework(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 400:
        return refuse(Problem(400, "正文不是有效的 JSON。", "请按 UTF-8 发送 JSON。", code="bad_json"))
    return refuse(replace(UNEXPECTED, status=error.status_code))


def _broken_off(request: HttpRequest, error: Exception) -> HttpResponse:
    """Nobody hears this: the line is gone; what came is kept."""
    return refuse(Problem(400, "发送中断，收到的部分已保留。", "请查询偏移后接着发送。", code="broken_off"))


def _database(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("database_failed", path=request.path, error=repr(error))
    return refuse(BUSY if "locked" in str(error) else DATABASE)


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("operation_failed", path=request.path, method=request.method, exc_info=error)
    return refuse(UNEXPECTED)
