"""Bytes to a browser: 200, 206, 304 and 416, HEAD, in pieces of 256 KB, whatever the size of the file.

- A single range is answered; several at once, or what is no range, get the whole (RFC 9110 §14.2 lets us).
- If-Range holds a strong entity tag or it does not hold: then the whole is sent.
- Whoever serves asks base.storage.serving first: here nothing is decided but how.
- Content is never kept by a proxy, and only thumbnails by the browser, which asks again each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from liuhen.base.storage.serving import Served

PIECE = 256 << 10
NEVER = "private, no-store, no-transform"
ASK_AGAIN = "private, no-cache, no-transform"
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


class _NothingOfItError(Exception):
    """No byte of the range is there."""


class Pieces:
    """The bytes from `start` to before `end`; closes the file when the response is closed, read or not."""

    def __init__(self, source: BinaryIO, start: int, end: int) -> None:
        self._source, self._left = source, end - start
        source.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._source.read(min(PIECE, self._left)) if self._left else b""
        if not piece:
            raise StopIteration
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        self._source.close()


def answer(request: HttpRequest, served: Served, *, cache: str = NEVER) -> HttpResponseBase:
    """The response to a GET or HEAD; `served.source` is closed with it."""
    if cache != NEVER and served.etag and served.etag in _tags(request.headers.get("If-None-Match", "")):
        served.source.close()
        return _headed(HttpResponse(status=304), served, cache)
    try:
        wanted = _wanted(request, served)
    except _NothingOfItError:
        served.source.close()
        response: HttpResponseBase = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{served.size}"
        return _headed(response, served, cache)
    start, end = wanted or (0, served.size)
    if request.method == "HEAD":
        served.source.close()
        response = HttpResponse()
    else:
        response = StreamingHttpResponse(Pieces(served.source, start, end), status=206 if wanted else 200)
    response["Content-Length"] = str(end - start)
    if wanted:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{served.size}"
    return _headed(response, served, cache)


def _headed(response: HttpResponseBase, served: Served, cache: str) -> HttpResponseBase:
    response["Content-Type"] = served.mime
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = cache
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = content_disposition_header(not served.inline, served.name) or "inline"
    if served.etag:
        response["ETag"] = served.etag
    return response


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _wanted(request: HttpRequest, served: Served) -> tuple[int, int] | None:
    """(start, end) of the part asked for; None: the whole. Raises _NothingOfItError."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    condition = request.headers.get("If-Range")
    if request.method == "HEAD" or match is None or not any(match.groups()):
        return None
    if condition is not None and condition != served.etag:
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None  # no range at all, RFC 9110 §14.1.1
    if first:
        start, end = int(first), min(served.size, int(last) + 1) if last else served.size
    else:
        start, end = max(0, served.size - int(last)), served.size
    if start >= end:
        raise _NothingOfItError
    return start, end
