"""Ranges as RFC 9110 has them, in small pieces, with the file closed whatever happens."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from liuhen.base.storage.serving import Served
from liuhen.doors.ranges import ASK_AGAIN, PIECE, answer

DATA = bytes(range(256)) * 4
TAG = '"0123abcd"'


def ask(
    data: bytes = DATA,
    method: str = "GET",
    *,
    name="a.mp4",
    inline=True,
    mime="video/mp4",
    tag=TAG,
    **headers,
):
    source = io.BytesIO(data)
    request = RequestFactory().generic(method, "/", headers=headers)
    cache = headers.pop("cache", None)
    response = answer(
        request, Served(source, len(data), mime, tag, name, inline), **({"cache": cache} if cache else {})
    )
    body = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    assert source.closed
    return response, body


def test_without_a_range_the_whole_comes_with_what_a_player_needs():
    response, body = ask()
    assert (response.status_code, body) == (200, DATA)
    assert response["Content-Length"] == str(len(DATA))
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == TAG
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"] and "private" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, 1024),
        ("bytes=1000-99999", 1000, 1024),
        ("bytes=-10", 1014, 1024),
        ("bytes=-99999", 0, 1024),
        ("bytes=1023-1023", 1023, 1024),
        ("bytes=5 - 9", 5, 10),
    ],
)
def test_one_range_is_answered_exactly(wanted: str, start: int, end: int):
    response, body = ask(Range=wanted)
    assert (response.status_code, body) == (206, DATA[start:end])
    assert response["Content-Range"] == f"bytes {start}-{end - 1}/1024"
    assert response["Content-Length"] == str(end - start)


@pytest.mark.parametrize(
    "wanted", ["bytes=1024-", "bytes=2000-3000", "bytes=-0", "bytes=9999999999999999999-"]
)
def test_a_range_of_which_nothing_is_there_is_416_with_the_size(wanted: str):
    response, body = ask(Range=wanted)
    assert (response.status_code, body, response["Content-Range"]) == (416, b"", "bytes */1024")


@pytest.mark.parametrize(
    "wanted",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-5", "lines=0-5", "bytes=0-1,5-9"),
        *("bytes=0-1;x", "bytes=--5", "bytes=0x1-5", "bytes=" + "9" * 40 + "-"),
    ],
)
def test_what_is_no_single_range_gets_the_whole(wanted: str):
    response, body = ask(Range=wanted)
    assert (response.status_code, body) == (200, DATA)


@given(st.integers(0, 1200), st.integers(0, 1200))
def test_any_two_numbers_are_answered_or_refused_as_the_bytes_have_it(first: int, last: int):
    response, body = ask(Range=f"bytes={first}-{last}")
    if last < first:
        assert (response.status_code, body) == (200, DATA)
    elif first < len(DATA):
        assert (response.status_code, body) == (206, DATA[first : last + 1])
    else:
        assert response.status_code == 416


def test_an_empty_file_has_no_ranges():
    for wanted in ("bytes=0-", "bytes=-5", "bytes=0-0"):
        response, body = ask(b"", Range=wanted)
        assert (response.status_code, body, response["Content-Range"]) == (416, b"", "bytes */0")
    response, body = ask(b"")
    assert (response.status_code, body, response["Content-Length"]) == (200, b"", "0")


def test_if_range_holds_for_the_same_tag_and_for_nothing_else():
    assert ask(Range="bytes=0-3", **{"If-Range": TAG})[0].status_code == 206
    for other in ('"other"', f"W/{TAG}", "Wed, 25 Nov 2026 00:00:00 GMT", ""):
        response, body = ask(Range="bytes=0-3", **{"If-Range": other})
        assert (response.status_code, body) == (200, DATA)
    assert ask(Range="bytes=0-3", tag=None, **{"If-Range": TAG})[0].status_code == 200


def test_head_tells_the_size_and_sends_nothing():
    response, body = ask(method="HEAD", Range="bytes=0-3")
    assert (response.status_code, body, response["Content-Length"]) == (200, b"", "1024")


def test_a_thumbnail_that_has_not_changed_is_not_sent_again():
    response, body = ask(cache=ASK_AGAIN, **{"If-None-Match": f'"x", W/{TAG}'})
    assert (response.status_code, body) == (304, b"")
    assert ask(cache=ASK_AGAIN, **{"If-None-Match": '"x"'})[0].status_code == 200
    assert ask(**{"If-None-Match": TAG})[0].status_code == 200, "content is never kept, so it is always sent"


def test_names_travel_in_chinese_and_break_no_header():
    response, _ = ask(name="张三 询问“一”.mp4", inline=False)
    said = response["Content-Disposition"]
    assert said.startswith("attachment; filename*=utf-8''")
    assert unquote(said.partition("''")[2]) == "张三 询问“一”.mp4"
    assert ask(name='a"b.mp4', inline=False)[0]["Content-Disposition"] == r'attachment; filename="a\"b.mp4"'
    assert ask(name="a.mp4")[0]["Content-Disposition"].startswith("inline")


def test_a_file_is_read_in_small_pieces_and_no_further_than_asked(tmp_path: Path):
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(3 * PIECE + 5)
    source = path.open("rb", buffering=0)
    request = RequestFactory().get("/")
    response = answer(request, Served(source, 3 * PIECE + 5, "video/mp4", TAG, "a", True))
    pieces = iter(response.streaming_content)
    assert len(next(pieces)) == PIECE
    assert source.tell() == PIECE, "nothing is read ahead of a slow client"
    response.close()
    assert source.closed, "a client that goes away leaves no open file"


def test_a_file_never_read_is_closed_too(tmp_path: Path):
    source = io.BytesIO(DATA)
    response = answer(RequestFactory().get("/"), Served(source, 1024, "video/mp4", TAG, "a", True))
    response.close()
    assert source.closed


def test_a_file_cut_short_while_it_is_sent_ends_the_response():
    source = io.BytesIO(b"short")
    response = answer(RequestFactory().get("/"), Served(source, 1024, "video/mp4", TAG, "a", True))
    assert b"".join(response.streaming_content) == b"short"
    response.close()
