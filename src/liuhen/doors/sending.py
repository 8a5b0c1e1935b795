"""Reading what somebody sends, as it comes."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest

PIECE = 1 << 20


def pieces_of(request: HttpRequest) -> Iterator[bytes]:
    """Raises UnreadablePostError where the line breaks."""
    while piece := request.read(PIECE):
        yield piece
