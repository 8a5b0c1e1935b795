"""One way to write an operation down: its scope, what it returns, how it can be refused, and its Chinese name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ninja import Router

from liuhen.base.tokens.models import Scope

from .callers import BearerToken, SignedIn
from .shapes import Refusal

ALWAYS = (400, 401, 403, 404, 409, 422, 429, 500, 503)
WITH_BODY = (*ALWAYS, 413, 415)
JSON, BYTES = "application/json", "application/octet-stream"
MOST_JSON = 1 << 20  # bytes
_SCHEMAS: dict[str, dict[str, str]] = {"*/*": {}, "text/plain": {"type": "string"}}

View = Callable[..., Any]
TABLE: dict[str, Scope | None] = {}  # by operationId
BODIES: dict[tuple[str, str], str] = {}  # what the body must be, by method and address


def operation(
    router: Router,
    method: str,
    path: str,
    summary: str,
    *,
    scope: Scope | None,
    returns: Any = None,
    status: int = 200,
    also: dict[int, Any] | None = None,
    refuses: tuple[int, ...] = (),
    sends: str | None = None,
    media: str | None = None,
) -> Callable[[View], View]:
    """`also`: further good answers. `sends`: the content type of the body. `media`: the answer is no JSON."""
    wrong = (*(WITH_BODY if sends else ALWAYS), *refuses)
    extra: dict[str, Any] = {"x-scope": scope.value if scope else None, "responses": {}}
    if media:
        kind = _SCHEMAS.get(media.partition(";")[0], {"type": "string", "format": "binary"})
        for code in (status, *(also or {})):
            extra["responses"][code] = {"content": {media: {"schema": dict(kind)}}}
    if sends == BYTES:
        raw = {"schema": {"type": "string", "format": "binary"}}
        extra["requestBody"] = {"content": {BYTES: raw}, "required": True}

    def register(view: View) -> View:
        TABLE[view.__name__] = scope
        if sends:
            BODIES[method, path.lstrip("/").replace("{", "<").replace("}", ">")] = sends
        add = router.api_operation(
            [method],
            path,
            auth=[BearerToken(scope), SignedIn()],
            response={status: returns, **(also or {}), frozenset(wrong): Refusal},
            operation_id=view.__name__,
            summary=summary,
            url_name=view.__name__,
            openapi_extra=extra,
        )
        added: View = add(view)
        return added

    return register
