"""Junctions between the files of one device: generated cards with known breaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liuhen.core.media.junctions import DeviceFile, Rules, junctions, usual_length

START = datetime(2026, 3, 13, 1, 0, tzinfo=UTC)
MAKER = "mp4|Maker|R1|fw 2.1"


def card(count: int = 6, length: float = 300.0, gap: float = 0.02, **more: Any) -> list[DeviceFile]:
    """A recorder that splits at a fixed length, numbered from 1."""
    files, at = [], START
    for number in range(1, count + 1):
        end = at + timedelta(seconds=length)
        files.append(DeviceFile(f"{number:04}", at, end, number, serial="A000001", maker=MAKER, **more))
        at = end + timedelta(seconds=gap)
    return files


def shift(one: DeviceFile, seconds: float) -> DeviceFile:
    by = timedelta(seconds=seconds)
    return replace(one, start=one.start and one.start + by, end=one.end and one.end + by)


def kinds(files: list[DeviceFile], **more: Any) -> list[str]:
    return [one.kind for one in junctions(files, **more)]


def test_a_recorder_that_splits_normally_has_splits_and_no_finding() -> None:
    found = junctions(card())
    assert [one.kind for one in found] == ["split"] * 5
    assert {one.seconds for one in found} == {0.02}
    assert not any(one.finding for one in found)


@pytest.mark.parametrize(
    ("gap", "kind"), [(0.04, "split"), (0.041, "pause"), (-0.04, "split"), (-0.05, "overlap")]
)
def test_a_split_is_at_most_the_tolerance(gap: float, kind: str) -> None:
    assert set(kinds(card(gap=gap, length=20.0)[:2])) == {kind}
    assert set(kinds(card(gap=gap, length=20.0)[:2], rules=Rules(split=0.1))) == {"split"}


def test_times_of_whole_seconds_cannot_tell_a_split_from_a_pause_of_one() -> None:
    files = card(2, gap=0.9, resolution=timedelta(seconds=1))
    (one,) = junctions(files)
    assert (one.kind, one.seconds) == ("split", 0.9)
    assert "精度" in one.reason


def test_a_pause_is_measured_and_told() -> None:
    files = card()
    files[3:] = [shift(one, 95.5) for one in files[3:]]
    found = junctions(files)
    assert [one.kind for one in found] == ["split", "split", "pause", "split", "split"]
    assert found[2].seconds == pytest.approx(95.52)
    assert found[2].finding is not None
    assert (found[2].finding.code, found[2].finding.severity) == ("pause", "NOTE")
    assert "1 分 36 秒" in found[2].finding.text


def test_a_file_that_did_not_end_properly_means_a_power_off() -> None:
    files = card()
    files[2] = replace(files[2], finished=False)
    files[3:] = [shift(one, 60) for one in files[3:]]
    assert kinds(files) == ["split", "split", "power_off", "split", "split"]


@pytest.mark.parametrize("lost", [1, 2])
def test_a_missing_number_is_counted(lost: int) -> None:
    files = card()
    del files[2 : 2 + lost]
    (one,) = [one for one in junctions(files) if one.kind != "split"]
    assert (one.kind, one.before, one.after) == ("missing_number", "0002", f"{3 + lost:04}")
    assert one.finding is not None
    assert one.finding.params["count"] == lost
    assert one.seconds == pytest.approx(lost * 300.02 + 0.02)


def test_a_photo_taken_meanwhile_fills_its_number_and_makes_no_junction() -> None:
    files = card()
    snap = DeviceFile("snap", files[1].start, files[1].start, 3, kind="photo", serial="A000001")
    moved = [replace(one, sequence=(one.sequence or 0) + 1) for one in files[2:]]
    assert kinds([*files[:2], snap, *moved]) == ["split"] * 5
    assert kinds([*files[:2], *moved])[1] == "missing_number"


def test_numbers_that_begin_again_are_not_missing() -> None:
    files = card()
    again = [replace(one, sequence=number) for number, one in enumerate(files[3:], 1)]
    assert kinds([*files[:3], *again]) == ["split"] * 5


def test_an_overlap_is_told_with_its_length() -> None:
    files = card()
    files[3] = shift(files[3], -12)
    found = junctions(files)
    assert (found[2].kind, found[2].seconds) == ("overlap", pytest.approx(-11.98))
    assert found[3].kind == "pause"


def test_a_number_that_goes_back_while_time_goes_on() -> None:
    files = card()
    files[2], files[3] = replace(files[2], sequence=4), replace(files[3], sequence=3)
    assert "out_of_order" in kinds(files)


def test_a_tail_cut_off_shows_in_the_fixed_length() -> None:
    files = card()
    files[2] = replace(files[2], end=files[2].start and files[2].start + timedelta(seconds=180))
    one = junctions(files)[2]
    assert (one.kind, one.seconds) == ("trimmed", pytest.approx(120.02))
    assert one.finding is not None
    assert one.finding.params["name"] == "0003"


def test_a_head_cut_off_shows_in_the_fixed_length() -> None:
    files = card()
    files[3] = replace(files[3], start=files[3].start and files[3].start + timedelta(seconds=100))
    one = junctions(files)[2]
    assert (one.kind, one.finding and one.finding.params["name"]) == ("trimmed", "0004")


def test_a_recording_stopped_early_by_the_officer_is_a_pause() -> None:
    files = card()
    files[2] = replace(files[2], end=files[2].start and files[2].start + timedelta(seconds=180))
    files[3:] = [shift(one, 40) for one in files[3:]]
    assert junctions(files)[2].kind == "pause"


def test_an_editors_trace_among_untouched_files_is_a_trim_and_a_recorders_own_encoder_is_not() -> None:
    files = card()
    files[2] = replace(files[2], origin="library")
    found = junctions(files)
    assert [one.kind for one in found] == ["split", "trimmed", "trimmed", "split", "split"]
    assert {one.finding.params["name"] for one in found if one.finding} == {"0003"}
    assert set(kinds(card(origin="library"))) == {"split"}


def test_a_foreign_file_is_taken_out_and_the_row_goes_on_without_it() -> None:
    files = card()
    stranger = replace(files[2], name="stranger", serial="B000009", sequence=None)
    found = junctions([*files, stranger])
    assert [one.kind for one in found].count("foreign") == 1
    assert [one.kind for one in found if one.kind != "foreign"] == ["split"] * 5
    (one,) = [one for one in found if one.kind == "foreign"]
    assert (one.after, one.finding and one.finding.severity) == ("stranger", "SHOULD")
    assert "B000009" in one.reason


def test_the_registered_serial_counts_more_than_what_most_files_say() -> None:
    assert kinds(card(2), serial="B000009") == ["foreign", "foreign"]


def test_sound_among_films_is_no_foreign_file() -> None:
    """One recorder writes films and sound with programs of their own: they are held against their own kind."""
    films = card(4)
    sound = replace(films[2], kind="audio", maker="wav|||")
    assert "foreign" not in [one.kind for one in junctions([*films[:2], sound, films[3]])]


def test_a_file_of_another_maker_is_foreign_and_two_files_say_nothing_of_each_other() -> None:
    files = card()
    files[4] = replace(files[4], maker="mov|Phone|X|16.1")
    assert [one.after for one in junctions(files) if one.kind == "foreign"] == ["0005"]
    assert kinds([files[3], files[4]]) == ["split"]


def test_two_lenses_are_two_rows() -> None:
    front = [replace(one, name=f"{one.name}A", stream="A") for one in card()]
    back = [replace(one, name=f"{one.name}B", stream="B") for one in card()]
    found = junctions([*front, *back])
    assert [one.kind for one in found] == ["split"] * 10
    assert {one.before[-1] + one.after[-1] for one in found} == {"AA", "BB"}


def test_files_without_a_time_are_told_and_not_guessed() -> None:
    files = card(3)
    files[2] = replace(files[2], start=None, end=None)
    one = junctions(files)[-1]
    assert (one.kind, one.seconds, one.finding and one.finding.params["name"]) == ("untimed", None, "0003")


def test_the_usual_length_is_that_of_three_alike() -> None:
    assert usual_length(card(3), 2.0) == 300
    assert usual_length(card(2), 2.0) is None
    assert usual_length([*card(4), *card(2, length=17.0)], 2.0) == 300


@given(st.lists(st.floats(-50, 500, allow_nan=False), min_size=1, max_size=20), st.randoms())
def test_the_order_of_the_list_does_not_matter_and_every_neighbour_is_judged(gaps, random) -> None:
    files, at = [], START
    for number, gap in enumerate(gaps):
        end = at + timedelta(seconds=60)
        files.append(DeviceFile(f"{number:03}", at, end, number))
        at = end + timedelta(seconds=gap)
    found = junctions(files)
    shuffled = files.copy()
    random.shuffle(shuffled)
    assert junctions(shuffled) == found
    assert [(one.before, one.after) for one in found] == [
        (one.name, two.name) for one, two in pairwise(sorted(files, key=lambda one: one.name))
    ]
