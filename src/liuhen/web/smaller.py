"""Pages travel compressed; bytes of recordings, exports and files never: they keep their length and their ranges.

Django's own middleware guards against guessing secrets by length (random padding), and forms' tokens are masked anew
in every page.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class SmallerMiddleware(GZipMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind != "text/html" or not isinstance(response, HttpResponse):
            return response
        smaller: HttpResponseBase = super().process_response(request, response)
        return smaller
