"""The OpenAPI document, and the same as a page for people: no script, nothing from outside."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from liuhen.base.tokens.models import Scope

from .wire import PREFIX, made

api = made()


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI document; the same for everybody."""
    told: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=PREFIX.strip("/") + "/"))
    for scheme, words in (("BearerToken", "机器令牌"), ("SignedIn", "网页登录的会话")):
        told["components"]["securitySchemes"][scheme]["description"] = words
    return told


@login_not_required
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False})


@login_not_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    told = document()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            groups.setdefault(one["tags"][0], []).append(_shown(path, method, one))
    signed_in = request.user.is_authenticated
    context = {
        "frame": "layout.html" if signed_in else "bare.html",
        "version": told["info"]["version"],
        "about": told["info"]["description"].split("\n\n"),
        "groups": groups,
        "scopes": Scope.choices,
    }
    return render(request, "api/docs.html", context)


def _shown(path: str, method: str, one: dict[str, Any]) -> dict[str, Any]:
    places = {"path": "地址", "query": "参数", "header": "请求头"}
    given = [
        f"{row['name']}（{places[row['in']]}{'' if row['required'] else '，可不写'}）"
        for row in one.get("parameters", [])
    ]
    body = one.get("requestBody", {}).get("content", {})
    return {
        "method": method.upper(),
        "path": path,
        "summary": one["summary"],
        "description": one.get("description", ""),
        "scope": one.get("x-scope") or "任何令牌",
        "given": given,
        "body": "、".join(body),
        "fields": _fields(body),
        "good": "、".join(str(code) for code in one["responses"] if int(code) < 300),
        "wrong": "、".join(str(code) for code in one["responses"] if int(code) >= 400),
    }


def _fields(body: dict[str, Any]) -> list[str]:
    schema = body.get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    full = document()["components"]["schemas"].get(name, {})
    needed = full.get("required", [])
    return [f"{key}{'' if key in needed else '（可不写）'}" for key in full.get("properties", {})]
