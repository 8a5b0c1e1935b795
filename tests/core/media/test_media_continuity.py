"""Continuity within one file, from probes of known shape."""

from __future__ import annotations

from typing import Any

import pytest

from liuhen.core.media.continuity import edited_twins, origin_of_file, same_content, within_file
from liuhen.core.media.contract import add, blank


def probe_of(*streams: tuple[str, float, float], kind: str = "video", **told: Any) -> dict[str, Any]:
    """A probe's result with streams (type, first, last), numbered in order, and whatever else is told."""
    result = blank("a.mp4", 1, "test") | {"readable": True, "kind": kind}
    result["streams"] = [
        {"index": number, "type": name, "first_pts": first, "last_end": last, "duration": last - first}
        for number, (name, first, last) in enumerate(streams)
    ]
    result["duration"] = max((last for _, _, last in streams), default=None)
    result |= told
    for gap in result["gaps"]:
        add(result, "gap", **gap)
    return result


def _gap(stream: int, start: float, length: float) -> dict[str, Any]:
    return {"stream": stream, "start": start, "length": length}


def _codes(probe: dict[str, Any]) -> list[str]:
    return [one.code for one in within_file(probe).findings]


def test_a_whole_file_is_one_piece_and_has_no_finding() -> None:
    judged = within_file(probe_of(("video", 0.0, 60.0), ("audio", 0.0, 59.6)))
    assert (judged.pieces, judged.finished, judged.findings) == (((0.0, 60.0),), True, ())


def test_a_gap_in_everything_breaks_the_file_in_pieces() -> None:
    judged = within_file(
        probe_of(("video", 0.0, 60.0), ("audio", 0.0, 60.0), gaps=[_gap(0, 10.0, 5.0), _gap(1, 11.0, 6.0)])
    )
    assert judged.pieces == ((0.0, 11.0), (15.0, 60.0))
    assert [one.code for one in judged.findings][:2] == ["interrupted", "interrupted"]


def test_sound_that_goes_on_keeps_the_file_whole_and_is_told() -> None:
    judged = within_file(probe_of(("video", 0.0, 60.0), ("audio", 0.0, 60.0), gaps=[_gap(0, 10.0, 5.0)]))
    assert judged.pieces == ((0.0, 60.0),)
    (gap, alone) = judged.findings
    assert (gap.code, gap.params["seconds"], gap.params["what"]) == ("interrupted", 5.0, "画面")
    assert (alone.code, alone.params["at"], alone.params["seconds"]) == ("sound_without_picture", 10.0, 5.0)


@pytest.mark.parametrize(("late", "codes"), [(0.9, []), (1.0, []), (1.1, ["head_missing"])])
def test_picture_and_sound_may_begin_a_second_apart(late: float, codes: list[str]) -> None:
    assert _codes(probe_of(("video", late, 60.0), ("audio", 0.0, 60.0))) == codes


def test_a_picture_that_outlasts_its_sound() -> None:
    (one,) = within_file(probe_of(("video", 0.0, 60.0), ("audio", 0.0, 40.0))).findings
    assert (one.code, one.params["at"], one.params["seconds"]) == ("picture_without_sound", 40.0, 20.0)


def test_a_film_without_any_sound_is_a_note_and_a_photo_is_not() -> None:
    (one,) = within_file(probe_of(("video", 0.0, 60.0))).findings
    assert (one.code, one.severity) == ("no_sound", "NOTE")
    assert _codes(probe_of(("video", 0.0, 0.1), kind="photo")) == []


def test_a_cut_end_is_unfinished() -> None:
    probe = probe_of(("video", 0.0, 60.0), ("audio", 0.0, 60.0))
    add(probe, "truncated", what="缺少索引（moov），录制可能未正常结束")
    judged = within_file(probe)
    assert not judged.finished
    assert [one.code for one in judged.findings] == ["tail_missing"]
    assert "缺少索引" in judged.findings[0].text


@pytest.mark.parametrize(("header", "codes"), [(300.0, ["tail_missing"]), (20.0, [])])
def test_a_header_that_promises_more_than_there_is(header: float, codes: list[str]) -> None:
    probe = probe_of(("video", 0.0, 60.0), ("audio", 0.0, 60.0), header_duration=header)
    add(probe, "duration_disagrees", header=header, measured=60.0)
    assert _codes(probe) == codes


@pytest.mark.parametrize(("edits", "codes"), [(1, []), (2, []), (3, ["edit_list_cuts"])])
def test_edit_lists_that_cut_are_told_and_those_that_shift_are_not(edits: int, codes: list[str]) -> None:
    probe = probe_of(("video", 0.0, 60.0), ("audio", 0.0, 60.0))
    add(probe, "edit_list", track=0, edits=edits)
    assert _codes(probe) == codes


TOLD = {"raw": "x", "field": "mvhd.creation_time", "zone": "utc-by-standard", "utc": "2026-03-13T01:00:00Z"}


@pytest.mark.parametrize(
    ("trace", "times", "code", "severity", "origin"),
    [
        ("Adobe", [TOLD], "edited_with", "SHOULD", "editor"),
        ("剪映", [TOLD], "edited_with", "SHOULD", "editor"),
        ("Lavf58.29.100", [], "reencoded", "SHOULD", "library"),
        ("Lavf58.29.100", [TOLD], "encoder_library", "NOTE", "library"),
    ],
)
def test_traces(trace: str, times: list[Any], code: str, severity: str, origin: str) -> None:
    probe = probe_of(("video", 0.0, 60.0), ("audio", 0.0, 60.0), times=times)
    add(probe, "reencoding_trace", trace=trace)
    (one,) = within_file(probe).findings
    assert (one.code, one.severity, origin_of_file(probe)) == (code, severity, origin)


def test_a_camera_that_names_itself_and_one_that_does_not() -> None:
    assert origin_of_file(probe_of(make="GoPro")) == "camera"
    assert origin_of_file(probe_of()) == "unknown"


@pytest.mark.parametrize(("changed", "codes"), [("01:02:00Z", []), ("01:02:01Z", ["modified_later"])])
def test_a_header_rewritten_a_minute_after_the_end(changed: str, codes: list[str]) -> None:
    later = TOLD | {"field": "mvhd.modification_time", "utc": f"2026-03-13T{changed}"}
    probe = probe_of(("video", 0.0, 60.0), ("audio", 0.0, 60.0), times=[TOLD, later])
    assert _codes(probe) == codes


def test_three_ways_two_files_can_be_alike() -> None:
    assert same_content(("a", "s"), ("a", "s")) == "same_file"
    assert same_content(("a", "s"), ("b", "s")) == "metadata_edited"
    assert same_content(("a", "s"), ("b", "t")) == "different"
    assert same_content(("a", None), ("b", None)) == "different"


def test_twins_are_told_once_each_and_the_same_bytes_twice_are_none() -> None:
    files = [("one", "a", "s"), ("two", "b", "s"), ("again", "a", "s"), ("no", "c", None), ("nor", "d", None)]
    (one,) = edited_twins(files)
    assert one.params == {"name": "two", "twin": "one"}


def test_a_file_of_which_nothing_is_known_has_no_pieces() -> None:
    judged = within_file(blank("x", None, "test"))
    assert (judged.pieces, judged.findings, judged.origin) == ((), (), "unknown")
